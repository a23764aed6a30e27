#include "devices/maix/calls.h"

#include "base/error.h"

namespace vnpu::devices::maix {

namespace {

const nlohmann::json& at(const Arguments& arguments, std::size_t i) {
  if (!arguments.is_array() || i >= arguments.size()) throw GuestError{"TypeError", "function missing arguments"};
  return arguments[i];
}

}  // namespace

std::int64_t integer(const Arguments& arguments, std::size_t i) {
  const auto& value = at(arguments, i);
  if (value.is_boolean()) return value.get<bool>();
  if (!value.is_number_integer()) throw GuestError{"TypeError", "can't convert to int"};
  return value.get<std::int64_t>();
}

double number(const Arguments& arguments, std::size_t i) {
  const auto& value = at(arguments, i);
  if (!value.is_number()) throw GuestError{"TypeError", "can't convert to float"};
  return value.get<double>();
}

std::string text(const Arguments& arguments, std::size_t i) {
  const auto& value = at(arguments, i);
  if (!value.is_string()) throw GuestError{"TypeError", "can't convert to str implicitly"};
  return value.get<std::string>();
}

bool flag(const Arguments& arguments, std::size_t i) {
  const auto& value = at(arguments, i);
  return value.is_boolean() ? value.get<bool>() : integer(arguments, i) != 0;
}

std::string answer(const CallTable& table, CallContext& context, std::string_view name, std::string_view payload) {
  nlohmann::json out;
  try {
    const auto found = table.find(name);
    if (found == table.end()) throw GuestError{"NotImplementedError", std::string(name)};
    const Arguments arguments = nlohmann::json::parse(payload);
    out["v"] = found->second(context, arguments);
  } catch (const GuestError& error) {
    out = {{"e", {error.type, error.argument}}};
  } catch (const nlohmann::json::exception&) {
    out = {{"e", {"ValueError", "arguments"}}};
  } catch (const Error& error) {
    out = {{"e", {"RuntimeError", std::string("vnpu: ") + error.what()}}};
  }
  return out.dump(-1, ' ', true, nlohmann::json::error_handler_t::replace);
}

}  // namespace vnpu::devices::maix
