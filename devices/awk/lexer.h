// The words of an awk program.
#pragma once

#include <cstddef>
#include <string>

namespace vnpu::devices::awk {

struct Token {
  enum class Kind { end, newline, number, text, name, function_name, keyword, builtin, mark };
  Kind kind = Kind::end;
  std::string text;  // the name, the text, or the mark: "+=", "{"
  double number = 0;
  int line = 1;
  std::size_t from = 0;  // where it begins
  bool spaced = false;   // something stands between it and the one before
};

// A position in the program; copying it allows to look ahead.
class Lexer {
 public:
  explicit Lexer(const std::string& program) : program_(&program) {}
  Token next();
  // The regular expression whose first '/' is at `from`; throws Fault when it does not end.
  std::string regex(std::size_t from);
  int line() const { return line_; }

 private:
  Token text_token(Token token);
  Token number_token(Token token);
  const std::string* program_;
  std::size_t at_ = 0;
  int line_ = 1;
};

}  // namespace vnpu::devices::awk
