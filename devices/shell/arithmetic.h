// $((...)): 64 bit integers, C's operators, assignments to shell variables.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

namespace vnpu::devices::shell {

struct ArithmeticError {
  std::string message;  // "arithmetic syntax error", "divide by zero"
};

struct ArithmeticVariables {
  std::function<std::string(const std::string&)> get;  // "" when unset
  std::function<void(const std::string&, const std::string&)> set;
};

// Throws ArithmeticError. Nesting is bounded.
std::int64_t evaluate(std::string_view expression, const ArithmeticVariables& variables, int depth = 0);

}  // namespace vnpu::devices::shell
