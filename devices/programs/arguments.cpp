#include "devices/programs/arguments.h"

#include <algorithm>

namespace vnpu::programs {
namespace {

constexpr std::size_t line_limit = 80;

std::string shown(const Option& option) {
  std::string value = option.name;
  std::ranges::transform(value, value.begin(), [](unsigned char c) { return static_cast<char>(std::toupper(c)); });
  std::string text = "--" + option.name;
  if (option.takes == Option::Takes::one) text += " " + value;
  if (option.takes == Option::Takes::many) text += " " + value + " [" + value + "...]";
  return option.required ? text : "[" + text + "]";
}

}  // namespace

std::string usage(const std::string& program, const std::vector<Option>& options) {
  std::string text = "Usage: " + program;
  const std::string indent(text.size(), ' ');
  std::size_t length = 0;
  for (const bool required : {true, false}) {
    for (const auto& option : options) {
      if (option.required != required) continue;
      const std::string argument = shown(option);
      text += " ";
      // The argument that starts a line is not counted.
      if (length + argument.size() > line_limit) {
        text += "\n" + indent;
        length = 0;
      } else {
        length += argument.size();
      }
      text += argument;
    }
  }
  return text;
}

bool Arguments::parse(ProgramHost& host, Output& out, std::vector<Option> options) {
  const auto fail = [&](const std::string& message) {
    out.flush();
    out.complain("ArgumentParser error: " + message + "\n" + usage(host.argv[0], options) + "\n");
    return false;
  };
  given_.clear();
  for (const auto& option : options) given_.push_back({option, false, {}});
  Given* active = nullptr;
  std::size_t taken = 0;
  const auto active_name = [&] { return active ? "--" + active->option.name : std::string(); };
  for (std::size_t i = 1; i < host.argv.size(); ++i) {
    const std::string& word = host.argv[i];
    const auto next = std::ranges::find_if(given_, [&](const Given& each) {
      return word == "--" + each.option.name || (each.option.letter && word == std::string("-") + each.option.letter);
    });
    if (next == given_.end()) {
      const auto takes = active ? active->option.takes : Option::Takes::nothing;
      if (takes == Option::Takes::nothing || (takes == Option::Takes::one && taken >= 1))
        return fail("attempt to pass too many inputs to " + active_name());
      active->values.push_back(word);
      ++taken;
      continue;
    }
    if (active && active->option.takes != Option::Takes::nothing && taken == 0)
      return fail("encountered argument " + word + " when expecting more inputs to " + active_name());
    active = &*next;
    active->seen = true;
    taken = 0;
  }
  if (std::ranges::any_of(given_, [](const Given& each) { return each.option.required && !each.seen; }))
    return fail("too few required arguments passed to " + host.argv[0]);
  return true;
}

const Arguments::Given* Arguments::find(const std::string& name) const {
  const auto found = std::ranges::find_if(given_, [&](const Given& each) { return each.option.name == name; });
  return found == given_.end() ? nullptr : &*found;
}

bool Arguments::has(const std::string& name) const {
  const Given* given = find(name);
  return given && given->seen;
}

std::string Arguments::value(const std::string& name) const {
  const Given* given = find(name);
  return given && !given->values.empty() ? given->values.back() : std::string();
}

std::vector<std::string> Arguments::values(const std::string& name) const {
  const Given* given = find(name);
  return given ? given->values : std::vector<std::string>{};
}

}  // namespace vnpu::programs
