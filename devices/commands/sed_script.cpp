// Reads the script of sed.
#include "devices/commands/sed_script.h"

#include <algorithm>
#include <cctype>

namespace vnpu::devices::commands::sed {

void Script::add(const std::string& text) {
  text_ = text;
  at_ = 0;
  while (at_ < text_.size()) command();
}

void Script::finish() {
  if (!open_.empty()) throw SedError{"unterminated {"};
  for (auto& command : commands) {
    if (command.name != 'b' && command.name != 't') continue;
    if (command.text.empty()) {
      command.target = commands.size();
      continue;
    }
    const auto it = labels_.find(command.text);
    if (it == labels_.end()) throw SedError{"can't jump to label '" + command.text + "'"};
    command.target = it->second;
  }
}

std::string Script::delimited(char delimiter, bool pattern) {
  std::string out;
  bool bracket = false;
  while (at_ < text_.size()) {
    const char c = text_[at_++];
    if (c == delimiter && !bracket) return out;
    if (c == '\\' && at_ < text_.size()) {
      const char next = text_[at_++];
      if (next == delimiter) {
        out += next;
      } else if (next == 'n' && pattern) {
        out += '\n';
      } else {
        out += '\\';
        out += next;
      }
      continue;
    }
    if (pattern && c == '[') bracket = true;
    if (pattern && c == ']') bracket = false;
    out += c;
  }
  throw SedError{"unterminated s or pattern"};
}

Regular Script::compile(const std::string& pattern, bool fold) {
  if (pattern.empty()) {
    if (!last_) throw SedError{"no previous regex"};
    return *last_;
  }
  auto out = Regular::compile(pattern, extended_, fold);
  if (!out) throw SedError{"bad regex '" + pattern + "'"};
  last_ = out;
  return *out;
}

std::size_t Script::digits() {
  std::size_t value = 0;
  while (std::isdigit(static_cast<unsigned char>(peek()))) {
    value = value * 10 + static_cast<std::size_t>(text_[at_++] - '0');
    if (value > 1000000000) throw SedError{"number too large"};
  }
  return value;
}

Address Script::address() {
  Address out;
  if (std::isdigit(static_cast<unsigned char>(peek()))) {
    out.kind = Address::Kind::line;
    out.line = digits();
    if (peek() == '~') {
      ++at_;
      out.kind = Address::Kind::step;
      out.step = digits();
    }
  } else if (peek() == '$') {
    ++at_;
    out.kind = Address::Kind::last;
  } else if (peek() == '/' || peek() == '\\') {
    if (peek() == '\\') ++at_;
    const char delimiter = peek();
    ++at_;
    const std::string pattern = delimited(delimiter, true);
    const bool fold = peek() == 'I';
    if (fold) ++at_;
    out.kind = Address::Kind::pattern;
    out.pattern = compile(pattern, fold);
  }
  return out;
}

std::string Script::to_end_of_command() {
  blanks();
  const std::size_t end = std::min(text_.find_first_of(";\n}", at_), text_.size());
  std::string out = text_.substr(at_, end - at_);
  while (!out.empty() && out.back() == ' ') out.pop_back();
  at_ = end;
  return out;
}

void Script::command() {
  while (peek() == ' ' || peek() == '\t' || peek() == '\n' || peek() == ';') ++at_;
  if (at_ >= text_.size()) return;
  if (peek() == '#') {
    at_ = std::min(text_.find('\n', at_), text_.size());
    return;
  }
  if (commands.size() > 10000) throw SedError{"script too long"};
  Command out;
  out.first = address();
  blanks();
  if (peek() == ',' && out.first.kind != Address::Kind::none) {
    ++at_;
    blanks();
    if (peek() == '+') {
      ++at_;
      out.second.kind = Address::Kind::step;
      out.second.step = digits();
    } else {
      out.second = address();
    }
    if (out.second.kind == Address::Kind::none) throw SedError{"unexpected `,'"};
    blanks();
  }
  while (peek() == '!') {
    out.negated = true;
    ++at_;
    blanks();
  }
  if (at_ >= text_.size()) throw SedError{"missing command"};
  out.name = text_[at_++];
  switch (out.name) {
    case '{': open_.push_back(commands.size()); break;
    case '}':
      if (open_.empty()) throw SedError{"unexpected `}'"};
      commands[open_.back()].target = commands.size() + 1;
      open_.pop_back();
      break;
    case 's': {
      const char delimiter = peek();
      ++at_;
      if (delimiter == '\0' || delimiter == '\n') throw SedError{"bad option in substitution expression"};
      const std::string pattern = delimited(delimiter, true);
      out.replacement = delimited(delimiter, false);
      bool fold = false;
      for (;; ++at_) {
        if (peek() == 'g') {
          out.global = true;
        } else if (peek() == 'p') {
          out.print = true;
        } else if (peek() == 'i' || peek() == 'I') {
          fold = true;
        } else if (std::isdigit(static_cast<unsigned char>(peek()))) {
          out.occurrence = std::max<std::size_t>(1, digits());
          --at_;
        } else {
          break;
        }
      }
      out.pattern = compile(pattern, fold);
      break;
    }
    case 'y': {
      const char delimiter = peek();
      ++at_;
      const std::string from = delimited(delimiter, true), to = delimited(delimiter, true);
      if (from.size() != to.size()) throw SedError{"strings for `y' command are different lengths"};
      for (std::size_t i = 0; i < from.size(); ++i) out.letters[from[i]] = to[i];
      break;
    }
    case 'a':
    case 'i':
    case 'c': {
      blanks();
      if (peek() == '\\') {
        ++at_;
        blanks();
        if (peek() == '\n') ++at_;
      }
      while (at_ < text_.size() && peek() != '\n') {
        if (peek() == '\\' && at_ + 1 < text_.size()) ++at_;
        out.text += text_[at_++];
      }
      out.text += '\n';
      break;
    }
    case ':': {
      out.text = to_end_of_command();
      labels_[out.text] = commands.size();
      break;
    }
    case 'b':
    case 't': out.text = to_end_of_command(); break;
    case 'q':
      blanks();
      out.occurrence = digits();
      break;
    case 'd':
    case 'D':
    case 'p':
    case 'P':
    case 'n':
    case 'N':
    case 'g':
    case 'G':
    case 'h':
    case 'H':
    case 'x':
    case '=': break;
    default: throw SedError{std::string("unsupported command ") + out.name};
  }
  blanks();
  if (peek() && peek() != ';' && peek() != '\n' && peek() != '}' && peek() != '#' && out.name != '{' && out.name != '}')
    throw SedError{"unknown option to `" + std::string(1, out.name) + "'"};
  commands.push_back(std::move(out));
}

}  // namespace vnpu::devices::commands::sed
