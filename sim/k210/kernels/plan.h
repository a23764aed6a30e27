// What can be said beforehand about a layer's values, so that the kernels may compute in 32 bits.
#pragma once

#include <vector>

#include "sim/k210/kernels/job.h"
#include "sim/k210/kpu.h"

namespace vnpu::k210::kernels {

struct FinishPlan {
  ActivationPlan activation;
  std::vector<ChannelFinish> channels;
  std::vector<std::uint8_t> narrow;     // per channel: 32 bits are enough
  std::vector<std::int64_t> sums_of_w;  // per channel
};

FinishPlan plan_finish(const Layer& layer, const KpuParameters& parameters, Arithmetic arithmetic);

// The table for values in [low, high]; not valid where 32 bits are not enough or a value may be below all segments.
ActivationPlan plan_activation(const Activation& table, Arithmetic arithmetic, std::int64_t low, std::int64_t high);

}  // namespace vnpu::k210::kernels
