#include <immintrin.h>

#include "sim/ax620/kernels/words.h"

namespace vnpu::ax620 {

void affine_avx512(const Affine& rule, const std::uint8_t* in, std::size_t count, std::uint8_t* out) {
  const __m512 k = _mm512_set1_ps(rule.k), b = _mm512_set1_ps(rule.b), top = _mm512_set1_ps(65535);
  const __m512i limit = _mm512_set1_epi32(rule.limit);
  for (std::size_t at = 0; at < count; at += 16) {
    const auto lanes = static_cast<__mmask16>(count - at >= 16 ? 0xffff : (1U << (count - at)) - 1);
    const __m256i words = _mm256_maskz_loadu_epi16(lanes, in + 2 * at);
    const __m512i x = rule.is_signed ? _mm512_cvtepi16_epi32(words) : _mm512_cvtepu16_epi32(words);
    __m512 value = _mm512_add_ps(_mm512_mul_ps(_mm512_cvtepi32_ps(x), k), b);
    value = _mm512_min_ps(_mm512_max_ps(value, _mm512_setzero_ps()), top);  // max gives its second operand for NaN
    const __m512i result = _mm512_min_epi32(_mm512_cvtps_epi32(value), limit);
    if (rule.upper_byte) {
      _mm_mask_storeu_epi8(out + at, lanes, _mm512_cvtepi32_epi8(_mm512_srli_epi32(result, 8)));
    } else {
      _mm256_mask_storeu_epi16(out + 2 * at, lanes, _mm512_cvtepi32_epi16(result));
    }
  }
}

}  // namespace vnpu::ax620
