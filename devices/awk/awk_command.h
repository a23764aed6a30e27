#pragma once

#include <cstdint>

#include "devices/process.h"

namespace vnpu::devices::awk {

int awk_command(Process& process);
// The same, ended after this many steps (0: never): for callers that cannot interrupt.
int run(Process& process, std::uint64_t steps);

}  // namespace vnpu::devices::awk
