// The weights of an execution unit: as fetched, and as a convolution reads them (docs/arithmetic_ax620.md).
#pragma once

#include <span>
#include <vector>

#include "base/bytes.h"
#include "isa/ax620/command_list.h"
#include "sim/ax620/kernels/conv_dot.h"
#include "sim/core/simd.h"

namespace vnpu::ax620 {

inline constexpr std::size_t window_taps = 9, channel_block = 16;  // of a 3x3 window; input channels stored together

// One fetch's weights in the order a convolution reads its input: [channel][row of the window][bytes of the row].
struct Filter {
  bool one_by_one = false;
  std::size_t channels_in = 0;
  std::size_t rows = 0, row_bytes = 0;
  std::vector<std::int8_t> values;  // for the law
  PackedFilter packed;              // for the kernels; one of the two is there
  std::vector<std::int32_t> sums;   // by channel

  std::size_t window() const { return rows * row_bytes; }
};

struct LoadedWeights {
  int bits = 0;              // 8 or 2
  std::size_t channels = 0;  // output channels, padded
  Bytes fetched;             // 2-bit digits as nibbles, the lower first, then (bias, scale) a channel
  std::vector<float> bias, scale;
  Filter filter;  // of the last convolution; filter_of() makes it

  // Whether this command with these bytes gives these weights.
  bool are(const pb::FetchCmd& command, std::span<const std::uint8_t> bytes) const;
  // Bytes of memory, those of the filter to come at their most.
  std::uint64_t footprint() const { return 6 * fetched.size() + channels * 16; }
};

// Throws Error(unsupported) for a width of the weights that is not known, Error(damaged) when they do not fit.
LoadedWeights load_weights(const pb::FetchCmd& command, std::span<const std::uint8_t> bytes);

// `channels_in`: of the input. Throws Error(damaged) when the weights are not those of such a layer.
const Filter& filter_of(LoadedWeights& weights, bool one_by_one, std::size_t channels_in, SimdLevel level);

}  // namespace vnpu::ax620
