// What the guest's modules ask of the board: host.call(name, JSON) answered with JSON.
#pragma once

#include <functional>
#include <map>
#include <string>
#include <string_view>

#include <nlohmann/json.hpp>

#include "devices/guest/micropython.h"
#include "devices/maix/hardware.h"

namespace vnpu::devices::maix {

// Raised in the guest: an exception type by name, and its argument (a text, or a number for OSError).
struct GuestError {
  std::string type;
  nlohmann::json argument;
};

struct CallContext {
  Hardware& hardware;
  GuestMemory& memory;
};
using Arguments = nlohmann::json;  // an array
using Call = std::function<nlohmann::json(CallContext&, const Arguments&)>;
using CallTable = std::map<std::string, Call, std::less<>>;

void add_file_calls(CallTable& table);
void add_camera_calls(CallTable& table);
void add_image_calls(CallTable& table);
void add_kpu_calls(CallTable& table);
void add_system_calls(CallTable& table);

// {"v": value} or {"e": [type, argument]}.
std::string answer(const CallTable& table, CallContext& context, std::string_view name, std::string_view payload);

// Arguments, with the guest's TypeError for another kind.
std::int64_t integer(const Arguments& arguments, std::size_t i);
double number(const Arguments& arguments, std::size_t i);
std::string text(const Arguments& arguments, std::size_t i);
bool flag(const Arguments& arguments, std::size_t i);

}  // namespace vnpu::devices::maix
