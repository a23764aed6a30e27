// Convolution of an execution unit: geometry, sum, scale, pooling, table, store (docs/arithmetic_ax620.md).
#pragma once

#include <array>
#include <span>
#include <vector>

#include "base/bytes.h"
#include "isa/ax620/command_list.h"
#include "sim/ax620/quirks.h"
#include "sim/ax620/weights.h"
#include "sim/core/simd.h"

namespace vnpu::ax620 {

// Rows of bytes in a larger field: the line buffer.
struct Lines {
  std::size_t first = 0, stride = 0, bytes = 0, count = 0;  // where the first begins, from one to the next, of a row
};

// What stays from one convolution to the next.
struct ConvMemory {
  Bytes field;  // of the last 3x3 layer: its rows with their border
  Lines lines;  // in the field, without the border
  // Kept for their room only.
  Bytes next, pixels;
  std::vector<Bytes> parts;
  std::vector<std::int32_t> sums;
};

// `out`: the bytes the convolution writes, in stream order. Throws Error(unsupported) for what is not in the known law,
// Error(damaged) when command, input and weights do not fit, Error(fault) for lines that are not in the line buffer.
void run_conv(const pb::ConvCmd& command, LoadedWeights& weights, std::span<const std::uint8_t> ocm, ConvMemory& memory,
              const Quirks& quirks, SimdLevel level, Bytes& out);

}  // namespace vnpu::ax620
