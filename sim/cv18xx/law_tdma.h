// The scalar law of the TDMA engine: what every command does to the memory, element after element, without regard to
// speed. It is the yardstick of the fast kernels and their fallback. Semantics: docs/tdma_cv18xx.md.
#pragma once

#include "isa/cv18xx/command.h"
#include "sim/cv18xx/memory.h"
#include "sim/cv18xx/quirks.h"

namespace vnpu::cv18xx {

// Executes one command. Throws Error(fault) naming the mnemonic and the field, or the side and the address, for what
// the vendor's simulator refuses; Error(unsupported) for combinations of modes that no encoder makes.
void execute_tdma_law(const TdmaCommand& command, Memory& memory, const Quirks& quirks);

}  // namespace vnpu::cv18xx
