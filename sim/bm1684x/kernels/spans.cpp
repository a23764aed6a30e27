#include "sim/bm1684x/kernels/spans.h"

namespace vnpu::bm1684x::kernels {
namespace {

// First and end offset in the lanes it uses.
struct Range {
  std::uint64_t first, end;
};

Range range_of(const TensorView& v) {
  const std::uint64_t last_group = (v.lane + v.shape.c - 1) / lane_count;
  const std::uint64_t last = (v.shape.n - 1) * v.strides.n + last_group * v.strides.c + (v.shape.h - 1) * v.strides.h +
                             (v.shape.w - 1) * v.strides.w;
  return {v.offset, v.offset + (last + 1) * v.bytes};
}

}  // namespace

bool may_touch(const TensorView& result, const TensorView& operand) {
  const Range a = range_of(result), b = range_of(operand);
  return a.end > b.first && b.end > a.first;
}

bool may_overlap(const TensorView& result, const TensorView& operand) {
  return may_touch(result, operand) && (result.lane != operand.lane || result.offset != operand.offset ||
                                        result.bytes != operand.bytes || result.strides != operand.strides);
}

}  // namespace vnpu::bm1684x::kernels
