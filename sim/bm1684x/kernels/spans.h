// Element-wise commands as spans: stretches of elements that lie one after another in every operand (or are one
// element).
#pragma once

#include <cstddef>
#include <cstdint>

#include "sim/bm1684x/tensor_view.h"

namespace vnpu::bm1684x::kernels {

// Whether all of the view's rows are runs of neighbours or of one element.
inline bool has_runs(const TensorView& v) { return v.shape.w == 1 || v.strides.w <= 1; }
// Whether its planes are.
inline bool has_planes(const TensorView& v) {
  if (v.shape.h == 1) return has_runs(v);
  if (v.shape.w == 1) return v.strides.h <= 1;
  return v.strides.w <= 1 && v.strides.h == v.shape.w * v.strides.w;
}
// Whether the elements of a span are one and the same.
inline bool is_repeated(const TensorView& v, bool planes) {
  if (planes && v.shape.h > 1 && v.shape.w == 1) return v.strides.h == 0;
  return v.strides.w == 0 && v.shape.w > 1;
}

// True when the two may share bytes and are not the very same elements: then the law reads before it writes.
bool may_overlap(const TensorView& result, const TensorView& operand);
// The same of the very same elements too.
bool may_touch(const TensorView& result, const TensorView& operand);

// Calls work(n, c, h, count) for every span; whole planes when `planes`.
template <class Work>
void for_spans(const TensorView& result, std::uint64_t lanes, bool planes, Work&& work) {
  const Shape& s = result.shape;
  for (std::uint32_t n = 0; n < s.n; ++n) {
    for (std::uint32_t c = 0; c < s.c; ++c) {
      if (!(lanes >> ((result.lane + c) % lane_count) & 1)) continue;
      if (planes) {
        work(n, c, 0u, std::size_t{s.h} * s.w);
      } else {
        for (std::uint32_t h = 0; h < s.h; ++h) work(n, c, h, std::size_t{s.w});
      }
    }
  }
}

}  // namespace vnpu::bm1684x::kernels
