// Words to fields: tilde, parameters, command substitution, arithmetic, splitting, file names.
#include <algorithm>
#include <cctype>

#include "devices/board.h"
#include "devices/shell/arithmetic.h"
#include "devices/shell/pattern.h"
#include "devices/shell/shell.h"

namespace vnpu::devices::shell {

namespace {

constexpr std::size_t byte_limit = std::size_t{16} << 20;
constexpr std::size_t field_limit = 262144;

[[noreturn]] void too_large() { throw ShellError{"out of memory", 2, false}; }

}  // namespace

// The fields of one word being made.
class Expansion {
 public:
  Expansion(Shell& shell, bool split) : shell_(shell), split_(split) {
    separators_ = shell.value("IFS").value_or(" \t\n");
  }

  void add_word(const Word& word, bool inherited_quote, bool substituted, bool assignment) {
    for (std::size_t i = 0; i < word.parts.size(); ++i) {
      const Part& part = word.parts[i];
      const bool quoted = part.quoted || inherited_quote;
      switch (part.kind) {
        case Part::Kind::text:
          if (quoted) {
            append(part.text, 'q');
            open_ = true;
          } else {
            add_literal(part.text, i == 0, assignment, i + 1 == word.parts.size(), substituted);
          }
          break;
        case Part::Kind::parameter: add_parameter(part, quoted); break;
        case Part::Kind::command: add_value(shell_.capture(*part.program), quoted); break;
        case Part::Kind::arithmetic:
          add_value(std::to_string(shell_.arithmetic(shell_.expand_string(*part.word))), quoted);
          break;
      }
    }
  }

  struct Field {
    std::string text, mask;  // mask: 'q' quoted, 'l' literal, 's' from a substitution
  };
  std::vector<Field> take() {
    if (no_arguments_ && current_.text.empty() && !other_text_) open_ = false;
    finish();
    return std::move(fields_);
  }

 private:
  void append(std::string_view text, char kind) {
    bytes_ += text.size();
    if (bytes_ > byte_limit) too_large();
    current_.text += text;
    current_.mask.append(text.size(), kind);
    if (!text.empty()) {
      open_ = true;
      after_blank_ = false;
    }
  }

  void finish() {
    if (open_) {
      fields_.push_back(std::move(current_));
      if (fields_.size() > field_limit) too_large();
    }
    current_ = {};
    open_ = false;
  }

  void add_literal(const std::string& text, bool first, bool assignment, bool last, bool substituted) {
    std::size_t at = 0;
    const auto tilde = [&](std::size_t from) {
      const std::size_t end = std::min(text.find_first_of(assignment ? "/:" : "/", from), text.size());
      if (end == text.size() && !last) return from;  // ~"x"
      const std::string user = text.substr(from + 1, end - from - 1);
      std::optional<std::string> home;
      if (user.empty()) {
        home = shell_.value("HOME");
      } else if (const auto login = shell_.process.board.find_user(user)) {
        home = login->home;
      }
      if (!home) return from;
      append(*home, 'q');
      return end;
    };
    if (first && text.starts_with('~')) at = tilde(0);
    if (assignment) {
      while (at < text.size()) {
        const std::size_t colon = text.find(":~", at);
        if (colon == std::string::npos) break;
        append(std::string_view(text).substr(at, colon + 1 - at), 'l');
        at = colon + 1;
        const std::size_t next = tilde(at);
        if (next == at) {
          append("~", 'l');
          at += 1;
        } else {
          at = next;
        }
      }
    }
    if (substituted) {
      add_value(text.substr(at), false);
    } else {
      append(std::string_view(text).substr(at), 'l');
    }
  }

  void add_value(const std::string& value, bool quoted) {
    if (quoted) {
      append(value, 'q');
      open_ = true;
      other_text_ = true;
      return;
    }
    if (!split_) {
      append(value, 's');
      return;
    }
    for (const char c : value) {
      if (separators_.find(c) == std::string::npos) {
        append(std::string_view(&c, 1), 's');
      } else if (c == ' ' || c == '\t' || c == '\n') {
        if (open_) {
          finish();
          after_blank_ = true;
        }
      } else {
        if (!(after_blank_ && !open_)) open_ = true;
        after_blank_ = false;
        finish();
      }
    }
  }

  void add_arguments(bool star, bool quoted) {
    const auto& arguments = shell_.arguments;
    if (quoted && star) {
      std::string joined;
      for (std::size_t i = 0; i < arguments.size(); ++i) {
        if (i && !separators_.empty()) joined += separators_[0];
        joined += arguments[i];
      }
      add_value(joined, true);
      return;
    }
    if (arguments.empty()) no_arguments_ = true;
    for (std::size_t i = 0; i < arguments.size(); ++i) {
      if (i) {
        if (split_) {
          if (quoted) open_ = true;
          finish();
        } else {
          append(" ", 'q');
        }
      }
      add_value(arguments[i], quoted);
    }
  }

  void add_parameter(const Part& part, bool quoted) {
    const bool all = part.text == "@" || part.text == "*";
    if (all && part.op == 0) {
      add_arguments(part.text == "*", quoted);
      return;
    }
    bool set = false;
    const std::string value = all ? joined_arguments(set) : shell_.parameter(part, set);
    const bool usable = set && !(part.colon && value.empty());
    switch (part.op) {
      case '-':
      case '=':
        if (usable) break;
        if (part.op == '=') {
          const std::string fresh = shell_.expand_string(*part.word);
          shell_.assign(part.text, fresh);
          add_value(fresh, quoted);
        } else {
          add_word(*part.word, quoted, true, false);
        }
        return;
      case '+':
        if (usable) {
          add_word(*part.word, quoted, true, false);
        } else if (quoted) {
          add_value("", true);
        }
        return;
      case '?':
        if (usable) break;
        {
          std::string text = shell_.expand_string(*part.word);
          if (text.empty()) text = part.colon ? "parameter not set or null" : "parameter not set";
          throw ShellError{part.text + ": " + text, 2, false};
        }
      default: break;
    }
    if (!set && shell_.options.nounset && part.op != '-' && part.op != '+' && !all)
      throw ShellError{part.text + ": parameter not set", 2, false};
    if (all && part.op != 'L' && !quoted) {
      add_arguments(part.text == "*", quoted);
      return;
    }
    add_value(transform(part, value), quoted);
  }

  std::string joined_arguments(bool& set) {
    std::string out;
    for (const auto& argument : shell_.arguments) out += (out.empty() ? "" : " ") + argument;
    set = !shell_.arguments.empty();
    return out;
  }

  std::string transform(const Part& part, const std::string& value) {
    switch (part.op) {
      case 'L':
        if (part.text == "@" || part.text == "*") return std::to_string(shell_.arguments.size());
        return std::to_string(value.size());
      case '#': {
        const std::string pattern = shell_.expand_pattern(*part.word);
        for (std::size_t i = 0; i <= value.size(); ++i) {
          const std::size_t length = part.doubled ? value.size() - i : i;
          if (matches(pattern, std::string_view(value).substr(0, length))) return value.substr(length);
        }
        return value;
      }
      case '%': {
        const std::string pattern = shell_.expand_pattern(*part.word);
        for (std::size_t i = 0; i <= value.size(); ++i) {
          const std::size_t length = part.doubled ? i : value.size() - i;
          if (matches(pattern, std::string_view(value).substr(length))) return value.substr(0, length);
        }
        return value;
      }
      case ':': {
        const auto size = static_cast<std::int64_t>(value.size());
        std::int64_t from = shell_.arithmetic(shell_.expand_string(*part.word));
        if (from < 0) from = std::max<std::int64_t>(0, size + from);
        from = std::min(from, size);
        std::int64_t length = size - from;
        if (part.second) {
          length = shell_.arithmetic(shell_.expand_string(*part.second));
          if (length < 0) length = std::max<std::int64_t>(0, size - from + length);
          length = std::min(length, size - from);
        }
        return value.substr(static_cast<std::size_t>(from), static_cast<std::size_t>(length));
      }
      case '/': return replace(part, value);
      default: return value;
    }
  }

  std::string replace(const Part& part, const std::string& value) {
    std::string pattern = shell_.expand_pattern(*part.word);
    const std::string with = part.second ? shell_.expand_string(*part.second) : "";
    if (pattern.empty() || value.size() > 65536) return value;
    std::string out;
    std::size_t at = 0;
    while (at < value.size()) {
      shell_.check_signals();
      std::size_t length = value.size() - at;
      while (length > 0 && !matches(pattern, std::string_view(value).substr(at, length))) --length;
      if (length == 0) {
        out += value[at++];
        continue;
      }
      out += with;
      at += length;
      if (out.size() > byte_limit) too_large();
      if (!part.doubled) break;
    }
    return out + value.substr(at);
  }

  Shell& shell_;
  bool split_;
  std::string separators_;
  std::vector<Field> fields_;
  Field current_;
  bool open_ = false, after_blank_ = false, no_arguments_ = false, other_text_ = false;
  std::size_t bytes_ = 0;
};

namespace {

std::string as_pattern(const Expansion::Field& field) {
  std::string out;
  for (std::size_t i = 0; i < field.text.size(); ++i) {
    const char c = field.text[i];
    if (field.mask[i] == 'q' && std::string_view("*?[]\\!-^").find(c) != std::string_view::npos) out += '\\';
    out += c;
  }
  return out;
}

}  // namespace

std::vector<std::string> Shell::expand_fields(const Word& word) {
  Expansion expansion(*this, true);
  expansion.add_word(word, false, false, false);
  std::vector<std::string> out;
  for (const auto& field : expansion.take()) {
    if (!options.noglob && field.text.find_first_of("*?[") != std::string::npos) {
      const std::string pattern = as_pattern(field);
      if (has_wildcards(pattern)) {
        auto found = glob(process.files(), process.user, process.cwd, pattern);
        if (!found.empty()) {
          out.insert(out.end(), std::make_move_iterator(found.begin()), std::make_move_iterator(found.end()));
          continue;
        }
      }
    }
    out.push_back(field.text);
  }
  return out;
}

std::vector<std::string> Shell::expand(const std::vector<Word>& words, bool assignments) {
  std::vector<std::string> out;
  bool assigning = assignments;
  for (const auto& word : words) {
    if (assigning && !out.empty()) {
      const std::string& start = word.parts[0].text;
      const std::size_t equals = start.find('=');
      if (word.parts[0].kind == Part::Kind::text && !word.parts[0].quoted && equals != std::string::npos &&
          equals > 0) {
        Word value = word;
        value.parts[0].text.erase(0, equals + 1);
        if (value.parts[0].text.empty()) value.parts.erase(value.parts.begin());
        out.push_back(start.substr(0, equals + 1) + expand_string(value));
        continue;
      }
    }
    auto fields = expand_fields(word);
    out.insert(out.end(), std::make_move_iterator(fields.begin()), std::make_move_iterator(fields.end()));
    if (out.size() > field_limit) too_large();
    if (!out.empty() && !assignments && out.size() == fields.size()) {
      const BuiltinEntry* builtin = find_builtin(out[0]);
      assigning = builtin && builtin->assigns;
    }
  }
  return out;
}

std::string Shell::expand_string(const Word& word) {
  Expansion expansion(*this, false);
  expansion.add_word(word, false, false, true);
  std::string out;
  for (auto& field : expansion.take()) out += field.text;
  return out;
}

std::string Shell::expand_pattern(const Word& word) {
  Expansion expansion(*this, false);
  expansion.add_word(word, false, false, false);
  std::string out;
  for (const auto& field : expansion.take()) out += as_pattern(field);
  return out;
}

std::string Shell::parameter(const Part& part, bool& set) {
  const auto found = value(part.text);
  set = found.has_value();
  return found.value_or("");
}

std::optional<std::string> Shell::value(const std::string& variable) {
  if (variable.size() == 1) {
    switch (variable[0]) {
      case '?': return std::to_string(status);
      case '$': return std::to_string(shell_pid);
      case '#': return std::to_string(arguments.size());
      case '!': return last_background ? std::optional(std::to_string(last_background)) : std::nullopt;
      case '0': return name;
      case '-': {
        std::string out;
        if (options.errexit) out += 'e';
        if (options.noglob) out += 'f';
        if (options.interactive) out += 'i';
        if (options.monitor) out += 'm';
        if (options.standard_in) out += 's';
        if (options.nounset) out += 'u';
        if (options.xtrace) out += 'x';
        return out;
      }
      case '@':
      case '*': {
        std::string out;
        for (const auto& argument : arguments) out += (out.empty() ? "" : " ") + argument;
        return arguments.empty() ? std::nullopt : std::optional(out);
      }
      default: break;
    }
  }
  if (!variable.empty() && std::isdigit(static_cast<unsigned char>(variable[0]))) {
    const std::size_t number = variable.size() > 6 ? 0 : std::stoul(variable);
    if (number == 0) return name;
    return number <= arguments.size() ? std::optional(arguments[number - 1]) : std::nullopt;
  }
  if (variable == "LINENO") return std::to_string(line);
  if (variable == "RANDOM" && !variables.contains("RANDOM")) {
    // Simulated chance: the same in every run of the same commands.
    random_state_ = random_state_ * 1103515245u + 12345u;
    return std::to_string((random_state_ >> 16) & 0x7fff);
  }
  const auto it = variables.find(variable);
  return it == variables.end() ? std::nullopt : it->second.value;
}

std::int64_t Shell::arithmetic(const std::string& expression) {
  try {
    return evaluate(expression,
                    {[this](const std::string& variable) { return value_or_empty(variable); },
                     [this](const std::string& variable, const std::string& text) { assign(variable, text); }});
  } catch (const ArithmeticError& error) {
    throw ShellError{error.message, 2, false};
  }
}

}  // namespace vnpu::devices::shell
