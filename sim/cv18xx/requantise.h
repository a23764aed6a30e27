// From accumulators to results: bias, shift or quantised down multiply, relu, saturation. Shared by convolution and
// depthwise convolution (per channel) and matrix multiply (per element).
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "sim/cv18xx/tiu_job.h"

namespace vnpu::cv18xx {

// What is added to and done with the accumulators of one output channel.
struct ChannelParams {
  std::int32_t bias = 0;         // 0 when the command has two operands
  std::uint32_t multiplier = 0;  // with opt_chl_quan
  std::uint32_t shift = 0;       // with opt_chl_quan, 6-bit code
};

// Operand 2 of an integer convolution or depthwise convolution, one entry a channel of res0: 16-bit biases in two
// planes, or with opt_chl_quan packed records of 9 (bias, multiplier, shift) or 5 (multiplier, shift) bytes.
std::vector<ChannelParams> load_channel_params(const TiuJob& job);

// The fp32 biases of a bf16 convolution, one a channel; empty when the command has two operands.
std::vector<float> load_channel_biases(const TiuJob& job);

// acc >> opt_res_shift as opt_rshift_typ and opt_shift_typ ask, then relu. Not yet saturated.
std::int64_t shifted(const TiuCommand& command, std::int32_t acc);

// The 8-bit result of an accumulator that has its bias already.
std::int32_t requantise(const TiuCommand& command, std::int32_t acc);
std::int32_t requantise(const TiuCommand& command, std::int32_t acc, std::uint32_t multiplier, std::uint32_t shift,
                        const Quirks& quirks);

// Ends a convolution or depthwise convolution: adds operand 2, converts, stores to `result` (accumulators in the order
// n, c, h, w).
void finish_channels(const TiuJob& job, const TensorView& result, std::span<std::int32_t> acc);
void finish_channels(const TiuJob& job, const TensorView& result, std::span<float> acc);

}  // namespace vnpu::cv18xx
