#include <immintrin.h>

#include "sim/cv18xx/kernels/tdma_rows.h"

namespace vnpu::cv18xx::kernels {
namespace {

__m128i load(const std::uint8_t* from) { return _mm_loadu_si128(reinterpret_cast<const __m128i*>(from)); }

// Eight int32 that are small integers, as bf16 in the low half of each lane.
__m256i to_bf16(__m256i integers) { return _mm256_srli_epi32(_mm256_castps_si256(_mm256_cvtepi32_ps(integers)), 16); }

// Packs the low halves of two times eight lanes in order.
__m256i pack(__m256i low, __m256i high) { return _mm256_permute4x64_epi64(_mm256_packus_epi32(low, high), 0xD8); }

void widen(std::uint8_t* to, const std::uint8_t* from, std::size_t count, bool is_signed) {
  std::size_t i = 0;
  for (; i + 16 <= count; i += 16) {
    const __m128i bytes = load(from + i);
    const __m128i upper = _mm_srli_si128(bytes, 8);
    const __m256i low = is_signed ? _mm256_cvtepi8_epi32(bytes) : _mm256_cvtepu8_epi32(bytes);
    const __m256i high = is_signed ? _mm256_cvtepi8_epi32(upper) : _mm256_cvtepu8_epi32(upper);
    _mm256_storeu_si256(reinterpret_cast<__m256i*>(to + 2 * i), pack(to_bf16(low), to_bf16(high)));
  }
  tdma_rows_scalar.widen(to + 2 * i, from + i, count - i, is_signed);
}

// Eight bf16 to int32, clamped to low..high.
__m256i to_integers(__m128i bf16, __m256 low, __m256 high, bool toward_zero) {
  const __m256i bits = _mm256_cvtepu16_epi32(bf16);
  // A NaN counts as Inf of its sign.
  const __m256i magnitude =
      _mm256_min_epi32(_mm256_and_si256(bits, _mm256_set1_epi32(0x7FFF)), _mm256_set1_epi32(0x7F80));
  const __m256i sign = _mm256_and_si256(bits, _mm256_set1_epi32(0x8000));
  const __m256 value = _mm256_castsi256_ps(_mm256_slli_epi32(_mm256_or_si256(magnitude, sign), 16));
  const __m256 clamped = _mm256_min_ps(_mm256_max_ps(value, low), high);
  if (toward_zero) return _mm256_cvttps_epi32(clamped);
  return _mm256_cvttps_epi32(_mm256_round_ps(clamped, _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC));
}

void narrow(std::uint8_t* to, const std::uint8_t* from, std::size_t count, bool is_signed, bool toward_zero) {
  const __m256 low = _mm256_set1_ps(is_signed ? -128.0f : 0.0f);
  const __m256 high = _mm256_set1_ps(is_signed ? 127.0f : 255.0f);
  const __m256i byte = _mm256_set1_epi32(0xFF);
  std::size_t i = 0;
  for (; i + 16 <= count; i += 16) {
    const __m256i first = _mm256_and_si256(to_integers(load(from + 2 * i), low, high, toward_zero), byte);
    const __m256i second = _mm256_and_si256(to_integers(load(from + 2 * i + 16), low, high, toward_zero), byte);
    const __m256i halves = pack(first, second);
    const __m128i bytes = _mm_packus_epi16(_mm256_castsi256_si128(halves), _mm256_extracti128_si256(halves, 1));
    _mm_storeu_si128(reinterpret_cast<__m128i*>(to + i), bytes);
  }
  tdma_rows_scalar.narrow(to + i, from + 2 * i, count - i, is_signed, toward_zero);
}

bool lut_index(std::uint8_t* to, const std::uint8_t* from, std::size_t count) {
  const __m256i exponent_bits = _mm256_set1_epi16(0x7F80);
  std::size_t i = 0;
  for (; i + 16 <= count; i += 16) {
    const __m256i bits = _mm256_loadu_si256(reinterpret_cast<const __m256i*>(from + 2 * i));
    const __m256i magnitude = _mm256_and_si256(bits, _mm256_set1_epi16(0x7FFF));
    const __m256i zero = _mm256_cmpeq_epi16(magnitude, _mm256_setzero_si256());
    const __m256i exponent = _mm256_and_si256(bits, exponent_bits);
    // Subnormals, Inf and NaN are rare: those blocks go element by element.
    const __m256i small = _mm256_andnot_si256(zero, _mm256_cmpeq_epi16(exponent, _mm256_setzero_si256()));
    const __m256i odd = _mm256_or_si256(small, _mm256_cmpeq_epi16(exponent, exponent_bits));
    if (!_mm256_testz_si256(odd, odd)) {
      if (!tdma_rows_scalar.lut_index(to + 2 * i, from + 2 * i, 16)) return false;
      continue;
    }
    // exponent - 127 + 63, + 128 for negative numbers: bit 15 of the value moves to bit 7.
    const __m256i sign = _mm256_and_si256(_mm256_srli_epi16(bits, 8), _mm256_set1_epi16(0x80));
    __m256i index = _mm256_add_epi16(_mm256_sub_epi16(_mm256_srli_epi16(exponent, 7), _mm256_set1_epi16(64)), sign);
    index = _mm256_and_si256(index, _mm256_set1_epi16(0xFF));
    index = _mm256_andnot_si256(zero, _mm256_or_si256(index, _mm256_slli_epi16(index, 8)));
    _mm256_storeu_si256(reinterpret_cast<__m256i*>(to + 2 * i), index);
  }
  return tdma_rows_scalar.lut_index(to + 2 * i, from + 2 * i, count - i);
}

}  // namespace

const TdmaRows tdma_rows_avx2 = {widen, narrow, lut_index};

}  // namespace vnpu::cv18xx::kernels
