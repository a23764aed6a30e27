// The option parser of the board's programs: its usage text, its errors, its exit statuses. Source:
// docs/board_axera_pi.md.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "devices/process.h"

namespace vnpu::axera {

enum class OptionType { flag, text, number };

struct Option {
  std::string name;
  char letter = 0;  // 0: none
  std::string about;
  OptionType type = OptionType::text;
  std::string standard = {};  // the value when it is not given
  bool needed = false;
};

class CommandLine {
 public:
  // `footer` stands behind "[options] ..." in the usage. --help, -? is added.
  CommandLine(std::vector<Option> options, std::string footer = "");

  // The exit status when the program ends at once: 0 after the usage alone, 1 after an error and the usage (both on
  // stderr). Only the first error is told.
  std::optional<int> parse(devices::Process& process);

  bool given(const std::string& name) const { return values_.contains(name); }
  std::string text(const std::string& name) const;
  int number(const std::string& name) const;
  const std::vector<std::string>& others() const { return others_; }

 private:
  const Option* find(const std::string& name) const;
  const Option* find(char letter) const;
  std::string usage(const std::string& program) const;
  void set(const std::string& name);
  void set(const std::string& name, const std::string& value);

  std::vector<Option> options_;
  std::string footer_;
  std::map<std::string, std::string> values_;
  std::vector<std::string> others_, errors_;
};

}  // namespace vnpu::axera
