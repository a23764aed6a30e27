// Sums of products of CONV, MM, MM2 and PorD: the order and the rounding are part of the law.
#pragma once

#include <span>

#include "sim/bm1684x/formats.h"

namespace vnpu::bm1684x {

// The cube's sum of up to 32 products of 16-bit floats: all are aligned to the largest exponent, cut, and added as
// integers; the sum is rounded once (nearest even).
float cube_sum(std::span<const float> products);

// The sum of f32 and of depthwise commands: two accumulators that take products in turn, added at the end.
template <class Format>
struct TwoSums {
  using Bits = typename Format::Bits;
  Bits sum[2];
  unsigned next;

  void add_product(Bits a, Bits b) {
    sum[next] = Format::add(sum[next], Format::multiply(a, b));
    next ^= 1;
  }
};

}  // namespace vnpu::bm1684x
