// The host's standard streams as streams of the board's programs.
#pragma once

#include <memory>

#include "devices/stream.h"

namespace vnpu::cli {

// Reads the descriptor when a program reads, not before; a stop request ends the wait.
std::shared_ptr<devices::Stream> host_input(int descriptor);
// Writes at once; Errno::pipe when nobody reads any more.
std::shared_ptr<devices::Stream> host_output(int descriptor);

}  // namespace vnpu::cli
