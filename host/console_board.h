// Boards whose console is a serial line.
#pragma once

#include <string>

#include "devices/machine.h"
#include "host/cli.h"

namespace vnpu::cli {

bool has_console(const std::string& board);
// Powers the board on and stays until Ctrl-C.
int run_console(const std::string& board, devices::BoardOptions options, const std::string& uart, const Common& common);

}  // namespace vnpu::cli
