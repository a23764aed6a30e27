// What a CONV command asks for, checked: shapes, window, where its operands lie.
#pragma once

#include "sim/bm1684x/window.h"

namespace vnpu::bm1684x {

struct ConvForm {
  Shape from, to;
  Window window;
  TensorView input, result;
  // One row an output channel: packs of `pack` input channels, each pack with all taps. Empty of a constant.
  TensorView weights;
  std::uint32_t pack = 1;

  std::size_t taps() const { return std::size_t{window.y.kernel} * window.x.kernel; }
  // Place of a weight in its row; ky, kx as the window counts them.
  std::size_t weight_place(std::uint32_t ic, std::uint32_t ky, std::uint32_t kx) const {
    const std::size_t tap = std::size_t{window.kernel_row(ky)} * window.x.kernel + window.kernel_column(kx);
    return (ic / pack * taps() + tap) * pack + ic % pack;
  }
};

// Throws Error(fault) or Error(unsupported) for what the command must not ask for.
ConvForm make_conv_form(const TiuCommand& command);
// Operand 2: one word an output channel: zero point of the kernel, bias, or f32 bias.
std::vector<std::uint32_t> read_conv_channels(const TiuJob& job);

}  // namespace vnpu::bm1684x
