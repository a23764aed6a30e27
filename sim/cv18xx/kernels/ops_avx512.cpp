// The loops for AVX-512 F, BW, DQ, VL and VNNI.
#include "sim/core/vec_avx512.h"
#include "sim/cv18xx/kernels/ops.h"

// The generic source, over Vec.
#include "sim/cv18xx/kernels/conv.inl"
#include "sim/cv18xx/kernels/depthwise.inl"
#include "sim/cv18xx/kernels/elementwise.inl"

namespace vnpu::cv18xx::kernels {
namespace {

struct DotBytes {
  static Vec::I step(Vec::I sum, Vec::I cell, Vec::I weight) { return Vec::dot_bytes(sum, cell, weight); }
};

// 16 bytes of 4 planes -> 16 cells, flipped.
inline __m512i interleave(__m128i a, __m128i b, __m128i c, __m128i d, __m512i flip) {
  const __m128i ab_low = _mm_unpacklo_epi8(a, b), ab_high = _mm_unpackhi_epi8(a, b);
  const __m128i cd_low = _mm_unpacklo_epi8(c, d), cd_high = _mm_unpackhi_epi8(c, d);
  const __m256i low = _mm256_set_m128i(_mm_unpackhi_epi16(ab_low, cd_low), _mm_unpacklo_epi16(ab_low, cd_low));
  const __m256i high = _mm256_set_m128i(_mm_unpackhi_epi16(ab_high, cd_high), _mm_unpacklo_epi16(ab_high, cd_high));
  return _mm512_xor_si512(_mm512_inserti64x4(_mm512_castsi256_si512(low), high, 1), flip);
}

void pack_bytes(std::int32_t* cells, const std::uint8_t* const* planes, std::size_t count, std::uint8_t flip) {
  const std::uint8_t *a = planes[0], *b = planes[1], *c = planes[2], *d = planes[3];
  const __m512i flips = _mm512_set1_epi8(static_cast<char>(flip));
  for (std::size_t i = 0; i < count; i += 16) {
    const std::size_t left = count - i;
    const __mmask16 there = left >= 16 ? 0xFFFF : static_cast<__mmask16>((1u << left) - 1);
    const __m512i v = interleave(_mm_maskz_loadu_epi8(there, a + i), _mm_maskz_loadu_epi8(there, b + i),
                                 _mm_maskz_loadu_epi8(there, c + i), _mm_maskz_loadu_epi8(there, d + i), flips);
    _mm512_mask_storeu_epi32(cells + i, there, v);
  }
}

std::int32_t sum_bytes(const std::uint8_t* in, std::size_t count) {
  const __m512i ones = _mm512_set1_epi8(1);
  __m512i sum = _mm512_setzero_si512();
  for (std::size_t i = 0; i < count; i += 64) {
    const std::size_t left = count - i;
    const __mmask64 there = left >= 64 ? ~__mmask64{0} : (__mmask64{1} << left) - 1;
    sum = _mm512_dpbusd_epi32(sum, ones, _mm512_maskz_loadu_epi8(there, in + i));
  }
  return _mm512_reduce_add_epi32(sum);
}

void look_up_halves(std::uint16_t* values, std::size_t count, const void* table) {
  __m512i rows[8];
  for (int r = 0; r < 8; ++r) rows[r] = _mm512_loadu_si512(static_cast<const std::uint8_t*>(table) + 64 * r);
  for (std::size_t i = 0; i < count; i += 32) {
    const std::size_t left = count - i;
    const __mmask32 there = left >= 32 ? ~__mmask32{0} : (__mmask32{1} << left) - 1;
    const __m512i index = _mm512_maskz_loadu_epi16(there, values + i);
    // A pair of rows answers by the 6 lower bits of the index; the 2 upper ones choose the pair.
    const __m512i first = _mm512_permutex2var_epi16(rows[0], index, rows[1]);
    const __m512i second = _mm512_permutex2var_epi16(rows[2], index, rows[3]);
    const __m512i third = _mm512_permutex2var_epi16(rows[4], index, rows[5]);
    const __m512i fourth = _mm512_permutex2var_epi16(rows[6], index, rows[7]);
    const __mmask32 odd = _mm512_test_epi16_mask(index, _mm512_set1_epi16(0x40));
    const __mmask32 upper = _mm512_test_epi16_mask(index, _mm512_set1_epi16(0x80));
    const __m512i low = _mm512_mask_blend_epi16(odd, first, second);
    const __m512i high = _mm512_mask_blend_epi16(odd, third, fourth);
    _mm512_mask_storeu_epi16(values + i, there, _mm512_mask_blend_epi16(upper, low, high));
  }
}

void conv_bytes(const ConvJob& job) { conv<DotBytes>(job); }
void conv_words(const ConvJob& job) { conv<DotWords>(job); }
void conv_fma(const ConvJob& job) { conv<DotFma>(job); }
void conv_float(const ConvJob& job) { conv<DotFloat>(job); }

constexpr Ops table = {
    .pack_bytes = pack_bytes,
    .pack_words = pack_words,
    .widen_bytes = widen_bytes,
    .widen_bf16 = widen_bf16,
    .sum_bytes = sum_bytes,
    .conv_bytes = conv_bytes,
    .conv_words = conv_words,
    .conv_fma = conv_fma,
    .conv_float = conv_float,
    .depthwise_int = depthwise_int,
    .depthwise_float = depthwise_float,
    .extreme_bytes = extreme_bytes,
    .extreme_float = extreme_float,
    .finish_floats = finish_floats,
    .look_up_bytes = look_up_bytes,
    .look_up_halves = look_up_halves,
    .int_op = int_op,
    .float_op = float_op,
};

}  // namespace

const Ops& ops_avx512() { return table; }

}  // namespace vnpu::cv18xx::kernels
