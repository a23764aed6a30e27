// The scalar law of the TIU: what one command does to local memory, bit for bit as the vendor's functional simulator
// does it (docs/arithmetic_cv18xx.md). One file a kind of command: tiu_conv.cpp, tiu_depthwise.cpp, tiu_pool.cpp,
// tiu_matmul.cpp, tiu_arith.cpp, tiu_lut.cpp.
#pragma once

#include "isa/cv18xx/command.h"
#include "sim/cv18xx/memory.h"
#include "sim/cv18xx/quirks.h"

namespace vnpu::cv18xx {

// All operands are read before any result byte is written. Throws Error(fault), naming the operation and the field,
// for what the vendor's simulator aborts on or answers with whatever lies beyond its buffers, for operands outside
// local memory and for work beyond `tiu_work_limit`; Error(unsupported) for forms it runs in a way nobody has
// described. Memory is then unchanged.
void execute_tiu_law(const TiuCommand& command, Memory& memory, const Quirks& quirks);

// Multiplications (or comparisons) of one command. Weights and results that lie in local memory cannot reach it; only
// hostile commands with constant or broadcast operands can.
inline constexpr std::uint64_t tiu_work_limit = std::uint64_t{1} << 33;

}  // namespace vnpu::cv18xx
