#include "devices/awk/lexer.h"

#include <array>
#include <cctype>
#include <string_view>

#include "devices/awk/syntax.h"
#include "devices/awk/value.h"

namespace vnpu::devices::awk {

namespace {

constexpr std::array<std::string_view, 20> keywords{
    "BEGIN",    "END",     "break", "continue", "delete", "do",       "else",   "exit",  "for",    "func",
    "function", "getline", "if",    "in",       "next",   "nextfile", "printf", "print", "return", "while"};
constexpr std::array<std::string_view, 32> builtins{
    "and",    "atan2", "close",    "compl", "cos",    "exp",    "fflush",  "gensub",  "gsub",    "index", "int",
    "length", "log",   "lshift",   "match", "mktime", "or",     "rand",    "rshift",  "sin",     "split", "sprintf",
    "sqrt",   "srand", "strftime", "sub",   "substr", "system", "systime", "tolower", "toupper", "xor"};
constexpr std::array<std::string_view, 48> marks{
    "**=", "**", "^=", "+=", "-=", "*=", "/=", "%=", "==", "!=", "<=", ">=", ">>", "&&",
    "||",  "++", "--", "!~", "{",  "}",  "(",  ")",  "[",  "]",  ";",  ",",  "+",  "-",
    "*",   "/",  "%",  "^",  "!",  "<",  ">",  "|",  "?",  ":",  "~",  "$",  "="};

template <class List>
bool holds(const List& list, const std::string& text) {
  for (const auto word : list)
    if (word == text) return true;
  return false;
}

bool word_start(char c) { return std::isalpha(static_cast<unsigned char>(c)) || c == '_'; }
bool word_part(char c) { return word_start(c) || std::isdigit(static_cast<unsigned char>(c)); }

// Behind a backslash at `at`: the character meant; nothing known: false, and `at` stays.
bool escape(std::string_view text, std::size_t& at, char& out) {
  if (at >= text.size()) return false;
  const auto digit = [&](std::size_t i, int base) {
    if (i >= text.size()) return -1;
    const char c = text[i];
    const int value = c >= '0' && c <= '9'   ? c - '0'
                      : c >= 'a' && c <= 'f' ? c - 'a' + 10
                      : c >= 'A' && c <= 'F' ? c - 'A' + 10
                                             : 99;
    return value < base ? value : -1;
  };
  const bool hexadecimal = text[at] == 'x' && digit(at + 1, 16) >= 0;
  if (hexadecimal || digit(at, 8) >= 0) {
    int value = 0;
    const int base = hexadecimal ? 16 : 8;
    at += hexadecimal;
    for (int i = 0; i < (hexadecimal ? 2 : 3) && digit(at, base) >= 0; ++i) value = value * base + digit(at++, base);
    out = static_cast<char>(value);
    return true;
  }
  constexpr std::string_view letters = "abfnrtv\\", meanings = "\a\b\f\n\r\t\v\\";
  const std::size_t which = letters.find(text[at]);
  if (which == std::string_view::npos) return false;
  ++at;
  out = meanings[which];
  return true;
}

}  // namespace

std::string unescape(std::string_view text) {
  std::string out;
  for (std::size_t i = 0; i < text.size();) {
    char c = text[i++];
    if (c == '\\' && !escape(text, i, c) && i < text.size()) c = text[i++];
    out += c;
  }
  return out;
}

Token Lexer::next() {
  const std::string& program = *program_;
  Token out;
  const std::size_t before = at_;
  while (at_ < program.size()) {
    const char c = program[at_];
    if (c == ' ' || c == '\t' || c == '\r') {
      ++at_;
    } else if (c == '\\' && program.compare(at_, 2, "\\\n") == 0) {
      at_ += 2;
      ++line_;
    } else if (c == '\\' && program.compare(at_, 3, "\\\r\n") == 0) {
      at_ += 3;
      ++line_;
    } else if (c == '#') {
      while (at_ < program.size() && program[at_] != '\n') ++at_;
    } else {
      break;
    }
  }
  out.spaced = at_ > before;
  out.line = line_;
  out.from = at_;
  if (at_ >= program.size()) return out;
  const char c = program[at_];
  if (c == '\n') {
    ++at_;
    ++line_;
    out.kind = Token::Kind::newline;
    return out;
  }
  if (c == '"') return text_token(std::move(out));
  if (std::isdigit(static_cast<unsigned char>(c)) ||
      (c == '.' && at_ + 1 < program.size() && std::isdigit(static_cast<unsigned char>(program[at_ + 1]))))
    return number_token(std::move(out));
  if (word_start(c)) {
    while (at_ < program.size() && word_part(program[at_])) out.text += program[at_++];
    if (holds(keywords, out.text)) {
      out.kind = Token::Kind::keyword;
      if (out.text == "func") out.text = "function";
    } else if (holds(builtins, out.text)) {
      out.kind = Token::Kind::builtin;
    } else {
      out.kind = at_ < program.size() && program[at_] == '(' ? Token::Kind::function_name : Token::Kind::name;
    }
    return out;
  }
  out.kind = Token::Kind::mark;
  for (const auto mark : marks)
    if (!mark.empty() && program.compare(at_, mark.size(), mark) == 0) {
      at_ += mark.size();
      out.text = mark == "**" ? "^" : mark == "**=" ? "^=" : mark;
      return out;
    }
  throw Fault{"Unexpected token", line_};
}

Token Lexer::text_token(Token token) {
  const std::string& program = *program_;
  token.kind = Token::Kind::text;
  ++at_;
  for (;;) {
    if (at_ >= program.size() || program[at_] == '\n') throw Fault{"Unexpected end of string", line_};
    char c = program[at_++];
    if (c == '"') return token;
    if (c == '\\') {
      if (at_ < program.size() && program[at_] == '\n') {  // the line goes on
        ++at_;
        ++line_;
        continue;
      }
      if (!escape(program, at_, c) && at_ < program.size()) c = program[at_++];
    }
    token.text += c;
  }
}

Token Lexer::number_token(Token token) {
  const std::string& program = *program_;
  token.kind = Token::Kind::number;
  std::size_t length = 0;
  // strtod wants an end: no number is longer than this.
  token.number = leading_number(program.substr(at_, 400), length);
  at_ += length;
  if (at_ < program.size() && program[at_] == '.') ++at_;
  return token;
}

std::string Lexer::regex(std::size_t from) {
  const std::string& program = *program_;
  std::string out;
  at_ = from + 1;
  for (;;) {
    if (at_ >= program.size() || program[at_] == '\n') throw Fault{"Unexpected end of string", line_};
    char c = program[at_++];
    if (c == '/') return out;
    if (c == '\\') {
      const std::size_t letter = at_;
      if (escape(program, at_, c)) {
        // A backslash stays one for the expression.
        if (program[letter] == '\\') out += '\\';
      } else if (at_ < program.size() && program[at_] == '/') {
        c = program[at_++];
      } else {
        out += c;
        if (at_ < program.size() && program[at_] != '\n') c = program[at_++];
      }
    }
    out += c;
  }
}

}  // namespace vnpu::devices::awk
