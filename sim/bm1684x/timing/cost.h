// Cycles and bytes of single commands by the laws of the converter's own estimate (docs/timing_bm1684x.md).
#pragma once

#include "isa/bm1684x/command.h"
#include "sim/bm1684x/timing/parameters.h"

namespace vnpu::bm1684x {

struct CommandWork {
  double cycles = 0;                            // a whole number below 2^63, as the law rounds it
  std::uint64_t ddr_read = 0, ddr_written = 0;  // bytes
  std::uint64_t macs = 0;
};

// Of the law alone, without a board's factors. Sizes are taken from the fields as they are: the executor checks them.
// Throws Error(unsupported) for element types and commands that have no law.
CommandWork work_of(const TiuCommand& command);
CommandWork work_of(const GdmaCommand& command, const TimingValues& values);

// Which part of the TIU a command keeps busy; boards have a factor for each.
enum class TiuPart : std::uint8_t {
  cube,      // convolutions and MM2 of 8- and 16-bit elements
  conv_f32,  // convolutions of 32-bit elements
  product,   // MM: products by the vector units
  other,
};
TiuPart part_of(const TiuCommand& command);

}  // namespace vnpu::bm1684x
