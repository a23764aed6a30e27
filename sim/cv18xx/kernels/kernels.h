// SIMD kernels of the TIU: the law's bytes, sooner.
#pragma once

#include "isa/cv18xx/command.h"
#include "sim/cv18xx/execute.h"
#include "sim/cv18xx/memory.h"
#include "sim/cv18xx/quirks.h"

namespace vnpu::cv18xx {

// Executes the command with the kernels of `level` (which this CPU must have) and returns true, or returns false with
// memory unchanged when none covers it: level scalar, rare forms, bf16 operands near overflow. Throws what
// execute_tiu_law would throw, memory unchanged.
bool execute_tiu_kernel(const TiuCommand& command, Memory& memory, const Quirks& quirks, SimdLevel level);

}  // namespace vnpu::cv18xx
