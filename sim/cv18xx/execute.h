// execute(command, memory): the seam behind which the scalar law, the SIMD kernels and later the RTL stand.
#pragma once

#include "isa/cv18xx/command.h"
#include "sim/cv18xx/memory.h"
#include "sim/cv18xx/quirks.h"

namespace vnpu::cv18xx {

// `fast` tries the kernels of the best instruction-set level allowed and falls back to the scalar law for what no
// kernel covers; both give the same bytes.
enum class SimdLevel { scalar, avx2, avx512 };

// The best level this CPU has (AVX-512 needs F, BW, DQ, VL and VNNI).
SimdLevel best_simd_level();
const char* name(SimdLevel level);

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
