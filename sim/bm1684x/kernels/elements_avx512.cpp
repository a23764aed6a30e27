#include <immintrin.h>

#include "sim/bm1684x/kernels/element_ops.h"

namespace vnpu::bm1684x::kernels {
namespace {

// Sixteen tables of sixteen: the upper four bits choose.
void look_up(std::uint8_t* to, const std::uint8_t* index, const std::uint8_t* table, std::size_t count) {
  __m512i rows[16];
  for (int r = 0; r < 16; ++r) {
    rows[r] = _mm512_broadcast_i32x4(_mm_loadu_si128(reinterpret_cast<const __m128i*>(table + 16 * r)));
  }
  const __m512i low = _mm512_set1_epi8(15);
  for (std::size_t i = 0; i < count; i += 64) {
    const std::size_t left = count - i;
    const __mmask64 there = left >= 64 ? ~__mmask64{0} : (__mmask64{1} << left) - 1;
    const __m512i at = _mm512_maskz_loadu_epi8(there, index + i);
    const __m512i row = _mm512_and_si512(_mm512_srli_epi16(at, 4), low), column = _mm512_and_si512(at, low);
    __m512i found = _mm512_setzero_si512();
#pragma GCC unroll 16
    for (int r = 0; r < 16; ++r) {
      const __mmask64 here = _mm512_cmpeq_epi8_mask(row, _mm512_set1_epi8(static_cast<char>(r)));
      found = _mm512_mask_shuffle_epi8(found, here, rows[r], column);
    }
    _mm512_mask_storeu_epi8(to + i, there, found);
  }
}

}  // namespace
}  // namespace vnpu::bm1684x::kernels

#include "sim/bm1684x/kernels/element_ops.inl"

namespace vnpu::bm1684x::kernels {
const ElementOps elements_avx512 = level_ops;
}
