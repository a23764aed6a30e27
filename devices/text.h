// Formatted text of the boards' programs.
#pragma once

#include <string>

namespace vnpu::devices {

std::string text(const char* form, ...) __attribute__((format(printf, 1, 2)));

}  // namespace vnpu::devices
