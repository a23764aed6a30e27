// Where SG commands read.
#pragma once

#include "sim/bm1684x/law.h"

namespace vnpu::bm1684x {

// Operand 0 of the forms with an index of every element; with a layout every channel group reads the same line-aligned
// rows.
inline TensorView shared_source(const TiuCommand& c, const Shape& shape) {
  if (c.opd0_str == Layout::aligned) return aligned_view(c.opd0_addr, c.res0_prec, shape);
  TensorView view = line_view(c.opd0_addr, c.res0_prec, shape);
  view.strides.c = 0;
  return view;
}

}  // namespace vnpu::bm1684x
