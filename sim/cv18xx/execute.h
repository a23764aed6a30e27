// execute(command, memory): the seam behind which the scalar law, the SIMD kernels and later the RTL stand.
#pragma once

#include "isa/cv18xx/command.h"
#include "sim/core/simd.h"
#include "sim/cv18xx/memory.h"
#include "sim/cv18xx/quirks.h"

namespace vnpu::cv18xx {

// A level tries the kernels of the instruction-set levels up to it and falls back to the scalar law for what no kernel
// covers; all give the same bytes.
struct ExecuteOptions {
  Quirks quirks;
  SimdLevel level = SimdLevel::scalar;
};

// Executes one command on the memory. Throws Error(fault) when the command asks for what the chip does not have
// (memory outside, operands the vendor's simulator aborts on) and Error(unsupported) for a form that is recognised
// and not implemented. A thrown error leaves no partial promise about the destination bytes. Time is bounded: a
// command's work is limited by its 12- and 16-bit size fields and by the memories it must lie in.
void execute(const TiuCommand& command, Memory& memory, const ExecuteOptions& options);
void execute(const TdmaCommand& command, Memory& memory, const ExecuteOptions& options);

}  // namespace vnpu::cv18xx
