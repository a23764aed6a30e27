// TDMA commands as runs of contiguous bytes.
#pragma once

#include "sim/cv18xx/execute.h"

namespace vnpu::cv18xx {

// Executes a command as execute_tdma_law() does, or returns false having changed nothing: for sources and destinations
// that (may) overlap. Throws what the law throws.
bool execute_tdma_fast(const TdmaCommand& command, Memory& memory, SimdLevel level);

}  // namespace vnpu::cv18xx
