#pragma once

#include <string>

namespace vnpu::devices::commands {

// " [-al] [FILE]..." for the usage line of a command; empty when unknown.
std::string usage_of(const std::string& name);

}  // namespace vnpu::devices::commands
