#include "sim/bm1684x/kernels/gemm.h"

#include <cstring>

namespace vnpu::bm1684x::kernels {

void store_byte_weights(std::int32_t* to, const std::int8_t* four, std::size_t words) {
  if (words == 1) {
    std::memcpy(to, four, 4);
    return;
  }
  const std::int16_t halves[4] = {four[0], four[2], four[1], four[3]};
  std::memcpy(to, halves, 8);
}

const GemmOps* gemm_ops(SimdLevel level) {
  switch (level) {
    case SimdLevel::avx512: return &gemm_avx512;
    case SimdLevel::avx2: return &gemm_avx2;
    case SimdLevel::scalar: break;
  }
  return nullptr;
}

}  // namespace vnpu::bm1684x::kernels
