// Formatted text, and how the board's programs end when a call fails.
#pragma once

#include <string>

#include "devices/process.h"
#include "devices/text.h"

namespace vnpu::axera {

using devices::text;

// An assertion of the program: glibc's message on stderr, then SIGABRT.
[[noreturn]] void abort_with(devices::Process& process, const std::string& condition, const std::string& function);
// A call of the vendor's library gave `code`: what the kernel log says, then the assertion.
[[noreturn]] void assert_failed(devices::Process& process, const std::string& call, std::uint32_t code,
                                const std::string& log);

}  // namespace vnpu::axera
