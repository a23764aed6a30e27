// What a KPU layer costs (docs/timing_k210.md).
#pragma once

#include <cstdint>

#include "isa/k210/layer.h"
#include "sim/k210/timing/parameters.h"

namespace vnpu::k210 {

struct LayerTime {
  double start = 0;                                // KPU cycles: software, and the first load of weights
  double compute = 0;                              // KPU cycles
  std::uint64_t first_bytes = 0, later_bytes = 0;  // weights: of the first load, and of those that run beside computing
  std::uint64_t macs = 0;

  double cycles(const TimingValues& values) const;  // start, then the longer of computing and loading
};

// The layer's shapes must be such that check_layer() does not refuse it. Maps need not fit into the AI RAM.
LayerTime layer_time(const Layer& layer, bool wide_weights, const TimingValues& values);

}  // namespace vnpu::k210
