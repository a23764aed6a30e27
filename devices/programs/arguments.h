// The command line as the vendor's tools read it, with their messages and their usage text.
#pragma once

#include <string>
#include <vector>

#include "devices/programs/output.h"

namespace vnpu::programs {

struct Option {
  char letter = 0;  // 0: none
  std::string name;
  enum class Takes { nothing, one, many } takes = Takes::one;
  bool required = false;
};

class Arguments {
 public:
  // Reads host.argv. Null, with message and usage on stderr, when the tool would end (exit status 251).
  static constexpr int wrong = 251;
  bool parse(ProgramHost& host, Output& out, std::vector<Option> options);

  bool has(const std::string& name) const;           // given, with or without values
  std::string value(const std::string& name) const;  // the last one; empty when not given
  std::vector<std::string> values(const std::string& name) const;

 private:
  struct Given {
    Option option;
    bool seen = false;
    std::vector<std::string> values;
  };
  const Given* find(const std::string& name) const;
  std::vector<Given> given_;
};

// "Usage: PROGRAM --required X [--optional Y] ...", broken where a line has more than 80 characters of arguments.
std::string usage(const std::string& program, const std::vector<Option>& options);

}  // namespace vnpu::programs
