#include "sim/ax620/kernels/table_avx512.h"

#include <immintrin.h>

namespace vnpu::ax620 {
namespace {

// Rounded to nearest even into 0..65535; NaN becomes 0.
__m512i to_word(__m512 x) {
  const __mmask16 number = _mm512_cmp_ps_mask(x, x, _CMP_ORD_Q);
  x = _mm512_min_ps(_mm512_max_ps(x, _mm512_setzero_ps()), _mm512_set1_ps(65535));
  return _mm512_maskz_cvtps_epi32(number, x);
}

__m256i interpolate(__m256i x, __m256i start, __m512d step, __m256i section, const std::int32_t* entries) {
  __m512d q = _mm512_mul_pd(_mm512_cvtepi32_pd(_mm256_sub_epi32(x, start)), step);
  q = _mm512_min_pd(_mm512_max_pd(q, _mm512_setzero_pd()), _mm512_set1_pd(16));
  const __m256i i = _mm256_min_epi32(_mm512_cvttpd_epi32(q), _mm256_set1_epi32(15));
  const __m256i at = _mm256_add_epi32(_mm256_slli_epi32(section, 4), i);
  const __m512d low = _mm512_cvtepi32_pd(_mm256_i32gather_epi32(entries, at, 4));
  const __m512d high = _mm512_cvtepi32_pd(_mm256_i32gather_epi32(entries + 1, at, 4));
  __m512d value = _mm512_mul_pd(_mm512_sub_pd(high, low), _mm512_sub_pd(q, _mm512_cvtepi32_pd(i)));
  value = _mm512_add_pd(low, value);
  value = _mm512_min_pd(_mm512_max_pd(value, _mm512_setzero_pd()), _mm512_set1_pd(65535));
  return _mm512_cvtpd_epi32(value);
}

}  // namespace

void look_up_avx512(const Table& table, const float* values, std::size_t count, std::uint16_t* out) {
  const __m512i starts = _mm512_loadu_si512(table.starts());
  const __m512d steps_low = _mm512_loadu_pd(table.steps()), steps_high = _mm512_loadu_pd(table.steps() + 8);
  for (std::size_t at = 0; at < count; at += 16) {
    const auto lanes = static_cast<__mmask16>(count - at >= 16 ? 0xffff : (1U << (count - at)) - 1);
    const __m512i x = to_word(_mm512_maskz_loadu_ps(lanes, values + at));
    __m512i section = _mm512_setzero_si512();
    __mmask16 beyond = 0xffff;  // sections are looked at in order, as the law does
    for (std::size_t k = 1; k < table.sections() && beyond; ++k) {
      beyond = _mm512_mask_cmp_epi32_mask(beyond, x, _mm512_set1_epi32(table.starts()[k]), _MM_CMPINT_GE);
      section = _mm512_mask_add_epi32(section, beyond, section, _mm512_set1_epi32(1));
    }
    const __m512i start = _mm512_permutexvar_epi32(section, starts);
    const __m256i section_low = _mm512_castsi512_si256(section), section_high = _mm512_extracti64x4_epi64(section, 1);
    const auto step = [&](__m256i sections) {
      return _mm512_permutex2var_pd(steps_low, _mm512_cvtepu32_epi64(sections), steps_high);
    };
    const __m256i low = interpolate(_mm512_castsi512_si256(x), _mm512_castsi512_si256(start), step(section_low),
                                    section_low, table.entries());
    const __m256i high = interpolate(_mm512_extracti64x4_epi64(x, 1), _mm512_extracti64x4_epi64(start, 1),
                                     step(section_high), section_high, table.entries());
    const __m512i words = _mm512_inserti64x4(_mm512_castsi256_si512(low), high, 1);
    _mm256_mask_storeu_epi16(out + at, lanes, _mm512_cvtepi32_epi16(words));
  }
}

}  // namespace vnpu::ax620
