// What the boards' images are made of besides their data file.
#pragma once

#include <string>

namespace vnpu::devices {

// The marker that stands for a program: an ELF header for RISC-V without any code behind it.
std::string program_marker();
// "$5$SALT$..." of the C library.
std::string hashed_password(const std::string& password, const std::string& salt);

}  // namespace vnpu::devices
