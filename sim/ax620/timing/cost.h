// Cycles and bytes of single commands (docs/timing_ax620.md).
#pragma once

#include "isa/ax620/command_list.h"
#include "sim/ax620/timing/parameters.h"

namespace vnpu::ax620 {

struct CommandWork {
  double array_cycles = 0;                      // a convolution's
  double fetch_bytes = 0;                       // of weights into the unit
  double beats = 0;                             // 16-byte accesses of on-chip memory by a transfer
  std::uint64_t ddr_read = 0, ddr_written = 0;  // bytes
  std::uint64_t macs = 0;
};

CommandWork work_of(const pb::Cmd& command, const TimingValues& values);

}  // namespace vnpu::ax620
