#include <immintrin.h>

#include "sim/cv18xx/kernels/tdma_rows.h"

namespace vnpu::cv18xx::kernels {
namespace {

__mmask16 first(std::size_t count) { return static_cast<__mmask16>(count >= 16 ? 0xFFFF : (1u << count) - 1); }

void widen(std::uint8_t* to, const std::uint8_t* from, std::size_t count, bool is_signed) {
  for (std::size_t i = 0; i < count; i += 16) {
    const __mmask16 mask = first(count - i);
    const __m128i bytes = _mm_maskz_loadu_epi8(mask, from + i);
    const __m512i integers = is_signed ? _mm512_cvtepi8_epi32(bytes) : _mm512_cvtepu8_epi32(bytes);
    const __m512i bits = _mm512_srli_epi32(_mm512_castps_si512(_mm512_cvtepi32_ps(integers)), 16);
    _mm256_mask_storeu_epi16(to + 2 * i, mask, _mm512_cvtepi32_epi16(bits));
  }
}

void narrow(std::uint8_t* to, const std::uint8_t* from, std::size_t count, bool is_signed, bool toward_zero) {
  const __m512 low = _mm512_set1_ps(is_signed ? -128.0f : 0.0f);
  const __m512 high = _mm512_set1_ps(is_signed ? 127.0f : 255.0f);
  for (std::size_t i = 0; i < count; i += 16) {
    const __mmask16 mask = first(count - i);
    const __m512i bits = _mm512_cvtepu16_epi32(_mm256_maskz_loadu_epi16(mask, from + 2 * i));
    // A NaN counts as Inf of its sign.
    const __m512i magnitude =
        _mm512_min_epi32(_mm512_and_si512(bits, _mm512_set1_epi32(0x7FFF)), _mm512_set1_epi32(0x7F80));
    const __m512i sign = _mm512_and_si512(bits, _mm512_set1_epi32(0x8000));
    const __m512 value = _mm512_castsi512_ps(_mm512_slli_epi32(_mm512_or_si512(magnitude, sign), 16));
    const __m512 clamped = _mm512_min_ps(_mm512_max_ps(value, low), high);
    const __m512i integers = toward_zero
                                 ? _mm512_cvttps_epi32(clamped)
                                 : _mm512_cvt_roundps_epi32(clamped, _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC);
    _mm512_mask_cvtepi32_storeu_epi8(to + i, mask, integers);
  }
}

bool lut_index(std::uint8_t* to, const std::uint8_t* from, std::size_t count) {
  const __m512i exponent_bits = _mm512_set1_epi16(0x7F80);
  for (std::size_t i = 0; i < count; i += 32) {
    const std::size_t here = count - i < 32 ? count - i : 32;
    const __mmask32 mask = here == 32 ? ~__mmask32{0} : (__mmask32{1} << here) - 1;
    const __m512i bits = _mm512_maskz_loadu_epi16(mask, from + 2 * i);
    const __m512i exponent = _mm512_and_si512(bits, exponent_bits);
    const __mmask32 not_zero = _mm512_test_epi16_mask(bits, _mm512_set1_epi16(0x7FFF));
    // Subnormals, Inf and NaN are rare: those blocks go element by element.
    const __mmask32 odd =
        (not_zero & _mm512_testn_epi16_mask(exponent, exponent)) | _mm512_cmpeq_epi16_mask(exponent, exponent_bits);
    if (odd != 0) {
      if (!tdma_rows_scalar.lut_index(to + 2 * i, from + 2 * i, here)) return false;
      continue;
    }
    // exponent - 127 + 63, + 128 for negative numbers: bit 15 of the value moves to bit 7.
    const __m512i sign = _mm512_and_si512(_mm512_srli_epi16(bits, 8), _mm512_set1_epi16(0x80));
    __m512i index = _mm512_add_epi16(_mm512_sub_epi16(_mm512_srli_epi16(exponent, 7), _mm512_set1_epi16(64)), sign);
    index = _mm512_and_si512(index, _mm512_set1_epi16(0xFF));
    index = _mm512_or_si512(index, _mm512_slli_epi16(index, 8));
    _mm512_mask_storeu_epi16(to + 2 * i, mask, _mm512_maskz_mov_epi16(not_zero, index));
  }
  return true;
}

}  // namespace

const TdmaRows tdma_rows_avx512 = {widen, narrow, lut_index};

}  // namespace vnpu::cv18xx::kernels
