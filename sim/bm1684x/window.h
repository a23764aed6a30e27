// Where a sliding window of CONV and PorD reads: strides, dilation, inserted zeros, padding.
#pragma once

#include <cstdint>

#include "isa/bm1684x/command.h"
#include "sim/bm1684x/law.h"

namespace vnpu::bm1684x {

// What a place of the padded input is, when it is no element.
inline constexpr std::int32_t is_padding = -1;
inline constexpr std::int32_t is_inserted = -2;

// What lies beyond the input: a constant, the input turned at its first and last place (which are not repeated), these
// places again and again, or the input again.
enum class PadMode : std::uint32_t { constant = 0, reflect = 1, edge = 2, circular = 3 };

// One axis.
struct WindowAxis {
  std::uint32_t input, kernel, output;
  std::uint32_t stride, dilation, inserted;  // elements inserted between two neighbours
  std::uint32_t before, after;               // padding
  PadMode mode;                              // of places counted with those inserted

  std::uint32_t spread() const { return (input - 1) * (inserted + 1) + 1; }
  // The input's index that output `o` reads with kernel place `k`, or is_padding or is_inserted.
  std::int32_t source(std::uint32_t o, std::uint32_t k) const;
};

struct Window {
  WindowAxis y, x;
  bool rotated;  // kernel read from its last row and column

  std::uint32_t kernel_row(std::uint32_t k) const { return rotated ? y.kernel - 1 - k : k; }
  std::uint32_t kernel_column(std::uint32_t k) const { return rotated ? x.kernel - 1 - k : k; }
};

// Throws Error(fault) when sizes are 0 or do not fit together.
Window make_window(const TiuCommand& command);

// What stands in the padding and between the elements, as raw words: one pair for all channels, or one a channel.
struct WindowFill {
  std::vector<std::uint32_t> pairs;  // padding, inserted, ...
  bool per_channel = false;
  std::uint32_t padding(std::uint32_t channel) const { return pairs[per_channel ? 2 * channel : 0]; }
  std::uint32_t inserted(std::uint32_t channel) const { return pairs[per_channel ? 2 * channel + 1 : 1]; }
};
WindowFill read_window_fill(const TiuJob& job, Precision precision, std::uint32_t channels);

// What a window reads of one plane of `values` (raw words).
inline std::uint32_t window_element(const std::uint32_t* plane, std::int32_t row, std::int32_t column,
                                    std::uint32_t width, const WindowFill& fill, std::uint32_t channel) {
  if (row == is_padding || column == is_padding) return fill.padding(channel);
  if (row == is_inserted || column == is_inserted) return fill.inserted(channel);
  return plane[static_cast<std::size_t>(row) * width + static_cast<std::size_t>(column)];
}

}  // namespace vnpu::bm1684x
