#include <immintrin.h>

#include <cstring>

#include "sim/ax620/kernels/words.h"

namespace vnpu::ax620 {

namespace {

// Eight words.
__m128i affine_of(const Affine& rule, __m128i words) {
  const __m256i x = rule.is_signed ? _mm256_cvtepi16_epi32(words) : _mm256_cvtepu16_epi32(words);
  __m256 value = _mm256_mul_ps(_mm256_cvtepi32_ps(x), _mm256_set1_ps(rule.k));
  value = _mm256_max_ps(_mm256_add_ps(value, _mm256_set1_ps(rule.b)), _mm256_setzero_ps());  // its second one for NaN
  value = _mm256_min_ps(value, _mm256_set1_ps(65535));
  __m256i result = _mm256_min_epi32(_mm256_cvtps_epi32(value), _mm256_set1_epi32(rule.limit));
  if (rule.upper_byte) result = _mm256_srli_epi32(result, 8);
  const __m128i packed = _mm_packus_epi32(_mm256_castsi256_si128(result), _mm256_extracti128_si256(result, 1));
  return rule.upper_byte ? _mm_packus_epi16(packed, packed) : packed;
}

}  // namespace

void affine_avx2(const Affine& rule, const std::uint8_t* in, std::size_t count, std::uint8_t* out) {
  const std::size_t size = rule.upper_byte ? 1 : 2;
  std::size_t at = 0;
  for (; at + 8 <= count; at += 8) {
    const __m128i made = affine_of(rule, _mm_loadu_si128(reinterpret_cast<const __m128i*>(in + 2 * at)));
    if (rule.upper_byte) {
      _mm_storel_epi64(reinterpret_cast<__m128i*>(out + at), made);
    } else {
      _mm_storeu_si128(reinterpret_cast<__m128i*>(out + 2 * at), made);
    }
  }
  if (at == count) return;
  std::uint8_t bytes[16] = {};
  std::memcpy(bytes, in + 2 * at, 2 * (count - at));
  const __m128i made = affine_of(rule, _mm_loadu_si128(reinterpret_cast<const __m128i*>(bytes)));
  _mm_storeu_si128(reinterpret_cast<__m128i*>(bytes), made);
  std::memcpy(out + size * at, bytes, size * (count - at));
}

}  // namespace vnpu::ax620
