// Convolution of an execution unit: weights as fetched, geometry, sum, scale, pooling, table, store
// (docs/arithmetic_ax620.md).
#pragma once

#include <map>
#include <span>
#include <vector>

#include "base/bytes.h"
#include "isa/ax620/command_list.h"
#include "sim/ax620/kernels/conv_dot.h"
#include "sim/ax620/quirks.h"
#include "sim/core/simd.h"

namespace vnpu::ax620 {

// The weights of one fetch in the order a convolution reads its input: [channel][row of the window][bytes of the row].
struct Filter {
  std::size_t rows = 0, row_bytes = 0;
  std::vector<std::int8_t> values;
  std::vector<std::int32_t> sums;  // by channel
  PackedFilter packed;             // made when a kernel wants it
};

struct LoadedWeights {
  int bits = 0;              // 8 or 2
  std::size_t channels = 0;  // output channels, padded
  Bytes digits;              // 2-bit digits as stored, one a byte
  std::vector<float> bias, scale;
  std::map<std::pair<bool, std::size_t>, Filter> filters;  // by (1x1, input channels)
};

// `bytes`: digits expanded to nibbles, then (bias, scale) a channel.
LoadedWeights load_weights(const pb::FetchCmd& command, std::span<const std::uint8_t> bytes);

// The bytes the convolution writes, in stream order. `lines`: the line buffer, rows of `line_bytes`, kept from one
// convolution to the next.
Bytes run_conv(const pb::ConvCmd& command, LoadedWeights& weights, std::span<const std::uint8_t> ocm, Bytes& lines,
               std::uint64_t& line_bytes, const Quirks& quirks, SimdLevel level);

}  // namespace vnpu::ax620
