// What a script of sed means, before it is run.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "devices/commands/common.h"
#include "devices/commands/regular.h"

namespace vnpu::devices::commands::sed {

struct SedError {
  std::string message;
};

struct Address {
  enum class Kind { none, line, last, pattern, step } kind = Kind::none;
  std::size_t line = 0, step = 0;
  std::optional<Regular> pattern;
};

struct Command {
  Address first, second;
  bool negated = false, in_range = false;
  std::size_t range_end = 0;
  char name = 0;
  std::string text;  // of a i c; label of b t :; file of w r
  std::optional<Regular> pattern;
  std::string replacement;
  bool global = false, print = false;
  std::size_t occurrence = 1;
  std::map<char, char> letters;  // y
  std::size_t target = 0;        // { : the command behind its }; b t: the label
};

class Script {
 public:
  explicit Script(bool extended) : extended_(extended) {}

  std::vector<Command> commands;

  void add(const std::string& text);
  void finish();

 private:
  char peek() const { return at_ < text_.size() ? text_[at_] : '\0'; }
  void blanks() {
    while (peek() == ' ' || peek() == '\t') ++at_;
  }

  // Up to the delimiter; \delimiter becomes the delimiter, \n a newline.
  std::string delimited(char delimiter, bool pattern);
  Regular compile(const std::string& pattern, bool fold = false);
  std::size_t digits();
  Address address();
  std::string to_end_of_command();
  void command();

  bool extended_;
  std::string text_;
  std::size_t at_ = 0;
  std::vector<std::size_t> open_;
  std::map<std::string, std::size_t> labels_;
  std::optional<Regular> last_;
};

}  // namespace vnpu::devices::commands::sed
