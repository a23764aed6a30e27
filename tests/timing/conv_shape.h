// Convolution commands by their shape.
#pragma once

#include "isa/cv18xx/command.h"

namespace vnpu::cv18xx {

// Per-channel int8, two input channels a cycle: `ic` planes of h*stride x w*stride to `oc` planes of h x w.
inline TiuCommand conv(std::uint32_t oc, std::uint32_t ic, std::uint32_t k, std::uint32_t h, std::uint32_t w,
                       std::uint32_t stride = 1) {
  TiuCommand c;
  c.tsk_typ = tsk_conv;
  c.opt_chl_quan = c.double_conv = 1;
  c.res0_c = oc, c.res0_h = h, c.res0_w = w;
  c.opd0_c = ic, c.opd0_w = w * stride, c.opd0_h_str = w * stride;
  c.opd1_h = c.opd1_w = k;
  c.conv_op_x_str = c.conv_op_y_str = stride;
  c.conv_opd0_lf_pad = k / 2;
  return c;
}

}  // namespace vnpu::cv18xx
