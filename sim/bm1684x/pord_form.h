// What a PorD command asks for, checked: shapes, window, where input and result lie, its parameters.
#pragma once

#include "sim/bm1684x/window.h"

namespace vnpu::bm1684x {

struct PordForm {
  enum Operation : std::uint32_t { depthwise = 0, average = 1, depthwise_relu = 2, maximum = 4 };  // tsk_eu_typ

  Shape from, to;
  Window window;
  TensorView input, result;
  std::vector<std::uint32_t> weights;  // c, ky, kx (as the window reads them); none of maxima
  std::vector<std::uint32_t> bias;     // c, of the depthwise operations
  WindowFill fill;

  std::size_t taps() const { return std::size_t{window.y.kernel} * window.x.kernel; }
  // Which of the two sums of float depthwise operations takes the first product.
  static bool has_bias(const TiuCommand& c) { return !c.opd2_const || c.opd2_addr != 0; }
};

// Throws Error(fault) or Error(unsupported) for what the command must not ask for.
PordForm make_pord_form(const TiuJob& job);

}  // namespace vnpu::bm1684x
