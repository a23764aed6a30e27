#include "devices/axera/command_line.h"

#include <algorithm>
#include <charconv>

namespace vnpu::axera {
namespace {

const char* type_name(OptionType type) { return type == OptionType::number ? "int" : "string"; }

std::optional<int> number_of(const std::string& text) {
  const std::size_t sign = text.starts_with('+') ? 1 : 0;
  int value = 0;
  const auto [end, error] = std::from_chars(text.data() + sign, text.data() + text.size(), value);
  if (text.empty() || error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return value;
}

}  // namespace

CommandLine::CommandLine(std::vector<Option> options, std::string footer)
    : options_(std::move(options)), footer_(std::move(footer)) {
  options_.push_back({"help", '?', "print this message", OptionType::flag, "", false});
}

const Option* CommandLine::find(const std::string& name) const {
  const auto at = std::ranges::find(options_, name, &Option::name);
  return at == options_.end() ? nullptr : &*at;
}

const Option* CommandLine::find(char letter) const {
  const auto at = std::ranges::find(options_, letter, &Option::letter);
  return at == options_.end() || letter == 0 ? nullptr : &*at;
}

std::string CommandLine::usage(const std::string& program) const {
  std::string out = "usage: " + program + " ";
  std::size_t width = 0;
  for (const auto& option : options_) {
    if (option.needed) out += "--" + option.name + "=" + type_name(option.type) + " ";
    width = std::max(width, option.name.size());
  }
  out += "[options] ... " + footer_ + "\noptions:\n";
  for (const auto& option : options_) {
    out += option.letter ? std::string("  -") + option.letter + ", " : "      ";
    out += "--" + option.name + std::string(width + 4 - option.name.size(), ' ') + option.about;
    if (option.type != OptionType::flag) {
      out += std::string(" (") + type_name(option.type) + (option.needed ? "" : " [=" + option.standard + "]") + ")";
    }
    out += "\n";
  }
  return out;
}

void CommandLine::set(const std::string& name) {
  const Option* option = find(name);
  if (!option) {
    errors_.push_back("undefined option: --" + name);
  } else if (option->type != OptionType::flag) {
    errors_.push_back("option needs value: --" + name);
  } else {
    values_[name] = "";
  }
}

void CommandLine::set(const std::string& name, const std::string& value) {
  const Option* option = find(name);
  if (!option) {
    errors_.push_back("undefined option: --" + name);
  } else if (option->type == OptionType::flag || (option->type == OptionType::number && !number_of(value))) {
    errors_.push_back("option value is invalid: --" + name + "=" + value);
  } else {
    values_[name] = value;
  }
}

std::optional<int> CommandLine::parse(devices::Process& process) {
  const auto& argv = process.argv;
  for (std::size_t i = 1; i < argv.size(); ++i) {
    const std::string& word = argv[i];
    if (word.starts_with("--")) {
      const auto equals = word.find('=', 2);
      const std::string name = word.substr(2, equals == std::string::npos ? equals : equals - 2);
      const Option* option = find(name);
      if (equals != std::string::npos) {
        set(name, word.substr(equals + 1));
      } else if (option && option->type != OptionType::flag) {
        if (i + 1 == argv.size()) {
          errors_.push_back("option needs value: --" + name);
        } else {
          set(name, argv[++i]);
        }
      } else {
        set(name);
      }
    } else if (word.starts_with('-')) {
      if (word.size() == 1) continue;
      for (std::size_t letter = 1; letter < word.size(); ++letter) {  // the last of several letters may have a value
        const Option* option = find(word[letter]);
        if (!option) {
          errors_.push_back(std::string("undefined short option: -") + word[letter]);
        } else if (letter + 1 == word.size() && option->type != OptionType::flag && i + 1 < argv.size()) {
          set(option->name, argv[++i]);
          break;
        } else {
          set(option->name);
        }
      }
    } else {
      others_.push_back(word);
    }
  }
  std::vector<std::string> missing;
  for (const auto& option : options_) {
    if (option.needed && !given(option.name)) missing.push_back(option.name);
  }
  std::ranges::sort(missing);
  for (const auto& name : missing) errors_.push_back("need option: --" + name);
  const std::string program = argv.empty() ? "program" : argv[0];
  if (given("help") || (argv.size() == 1 && !errors_.empty())) {
    process.complain(usage(program));
    return 0;
  }
  if (errors_.empty()) return std::nullopt;
  process.complain(errors_.front() + "\n" + usage(program));
  return 1;
}

std::string CommandLine::text(const std::string& name) const {
  const auto at = values_.find(name);
  return at == values_.end() ? find(name)->standard : at->second;
}

int CommandLine::number(const std::string& name) const { return number_of(text(name)).value_or(0); }

}  // namespace vnpu::axera
