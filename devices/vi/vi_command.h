#pragma once

#include "devices/process.h"

namespace vnpu::devices::vi {

// vi [-c COMMAND] [-R] [FILE]...
int vi_command(Process& process);

}  // namespace vnpu::devices::vi
