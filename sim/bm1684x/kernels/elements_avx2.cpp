#include <immintrin.h>

#include "sim/bm1684x/kernels/element_ops.h"

namespace vnpu::bm1684x::kernels {
namespace {

void look_up(std::uint8_t* to, const std::uint8_t* index, const std::uint8_t* table, std::size_t count) {
  for (std::size_t i = 0; i < count; ++i) to[i] = table[index[i]];
}

}  // namespace
}  // namespace vnpu::bm1684x::kernels

#include "sim/bm1684x/kernels/element_ops.inl"

namespace vnpu::bm1684x::kernels {
const ElementOps elements_avx2 = level_ops;
}
