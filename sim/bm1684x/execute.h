// execute(command, memory, options): the seam behind which the scalar law and the SIMD kernels stand.
#pragma once

#include "isa/bm1684x/command.h"
#include "sim/bm1684x/memory.h"
#include "sim/core/simd.h"

namespace vnpu::bm1684x {

// A level tries the kernels of the instruction-set levels up to it and falls back to the scalar law for what no kernel
// covers; all give the same bytes.
struct ExecuteOptions {
  SimdLevel level = SimdLevel::scalar;
};

// Executes one command on the memory, SYS commands included. Throws Error(fault) when the command asks for what the
// chip does not have (memory outside, operands the vendor's model aborts on) and Error(unsupported), naming the
// mnemonic, for a form that is recognised and not implemented. A thrown error leaves no promise about the destination
// bytes. Time is bounded: a command's work is limited by its 16-bit size fields and by the memories it must lie in.
void execute(const TiuCommand& command, Memory& memory, const ExecuteOptions& options);
void execute(const GdmaCommand& command, Memory& memory, const ExecuteOptions& options);

}  // namespace vnpu::bm1684x
