// The boards' commands: BusyBox applets as users know them, each a Program.
#pragma once

#include "devices/process.h"

namespace vnpu::devices {

void add_shell_commands(ProgramTable& table);

}  // namespace vnpu::devices
