// One vector of 8 32-bit numbers, AVX2. Included only by *_avx2.cpp.
#pragma once

#include <immintrin.h>

#include <cstdint>
#include <cstring>

namespace vnpu {
namespace {

struct Vec {
  static constexpr int width = 8;
  static constexpr int wide_rows = 6, wide_columns = 2;  // of a register tile
  using I = __m256i;
  using F = __m256;

  static I zero() { return _mm256_setzero_si256(); }
  static I load(const void* p) { return _mm256_loadu_si256(static_cast<const __m256i*>(p)); }
  static void store(void* p, I v) { _mm256_storeu_si256(static_cast<__m256i*>(p), v); }
  static I all(std::int32_t v) { return _mm256_set1_epi32(v); }
  static I all_words(std::int16_t v) { return _mm256_set1_epi16(v); }
  static I all_bytes(std::int8_t v) { return _mm256_set1_epi8(v); }
  static F f(I v) { return _mm256_castsi256_ps(v); }
  static I i(F v) { return _mm256_castps_si256(v); }

  static I add(I a, I b) { return _mm256_add_epi32(a, b); }
  static I mul(I a, I b) { return _mm256_mullo_epi32(a, b); }
  static I sub(I a, I b) { return _mm256_sub_epi32(a, b); }
  static I min_unsigned(I a, I b) { return _mm256_min_epu32(a, b); }
  static I min(I a, I b) { return _mm256_min_epi32(a, b); }
  static I max(I a, I b) { return _mm256_max_epi32(a, b); }
  static I bit_and(I a, I b) { return _mm256_and_si256(a, b); }
  static I bit_or(I a, I b) { return _mm256_or_si256(a, b); }
  static I bit_xor(I a, I b) { return _mm256_xor_si256(a, b); }
  static I shift_left(I a, int n) { return _mm256_sll_epi32(a, _mm_cvtsi32_si128(n)); }
  static I shift_right(I a, int n) { return _mm256_sra_epi32(a, _mm_cvtsi32_si128(n)); }
  static I shift_right_logic(I a, int n) { return _mm256_srl_epi32(a, _mm_cvtsi32_si128(n)); }
  template <int n>
  static I shift_left(I a) {
    return _mm256_slli_epi32(a, n);
  }
  template <int n>
  static I shift_right_logic(I a) {
    return _mm256_srli_epi32(a, n);
  }
  template <int n>
  static I shift_left_64(I a) {
    return _mm256_slli_epi64(a, n);
  }
  template <int n>
  static I shift_right_64(I a) {
    return _mm256_srli_epi64(a, n);
  }
  static I multiply_even_64(I a, I b) { return _mm256_mul_epi32(a, b); }
  static I add_64(I a, I b) { return _mm256_add_epi64(a, b); }
  static I even_odd(I even, I odd) { return _mm256_blend_epi32(even, odd, 0xAA); }
  // a > b ? x : y.
  static I if_greater(I a, I b, I x, I y) { return _mm256_blendv_epi8(y, x, _mm256_cmpgt_epi32(a, b)); }
  static I zero_unless_greater(I a, I b, I x) { return _mm256_and_si256(_mm256_cmpgt_epi32(a, b), x); }
  static I add_1_if_greater(I a, I b, I x) { return _mm256_sub_epi32(x, _mm256_cmpgt_epi32(a, b)); }

  static I dot_words(I sum, I a, I b) { return _mm256_add_epi32(sum, _mm256_madd_epi16(a, b)); }
  // In every 128 bits: byte i is table[index[i] & 15], or 0 where the top bit of the index is set.
  static I shuffle_bytes(I table, I index) { return _mm256_shuffle_epi8(table, index); }
  static I repeat_16_bytes(const void* p) {
    return _mm256_broadcastsi128_si256(_mm_loadu_si128(static_cast<const __m128i*>(p)));
  }
  static I add_saturated_bytes(I a, I b) { return _mm256_adds_epu8(a, b); }
  static I sub_bytes(I a, I b) { return _mm256_sub_epi8(a, b); }
  static I unpack_low_words(I a, I b) { return _mm256_unpacklo_epi16(a, b); }
  static I unpack_high_words(I a, I b) { return _mm256_unpackhi_epi16(a, b); }
  static I max_unsigned_bytes(I a, I b) { return _mm256_max_epu8(a, b); }
  static I min_unsigned_bytes(I a, I b) { return _mm256_min_epu8(a, b); }

  static F add(F a, F b) { return _mm256_add_ps(a, b); }
  static F sub(F a, F b) { return _mm256_sub_ps(a, b); }
  static F mul(F a, F b) { return _mm256_mul_ps(a, b); }
  static F fma(F a, F b, F sum) { return _mm256_fmadd_ps(a, b, sum); }
  static F max(F a, F b) { return _mm256_max_ps(a, b); }
  static F min(F a, F b) { return _mm256_min_ps(a, b); }

  // The low bytes (halves) of the 8 numbers.
  static __m128i low_halves(I v) {
    const I masked = _mm256_and_si256(v, _mm256_set1_epi32(0xFFFF));
    return _mm256_castsi256_si128(_mm256_permute4x64_epi64(_mm256_packus_epi32(masked, masked), 0x08));
  }
  static void store_low_bytes(void* p, I v) {
    const __m128i halves = _mm_and_si128(low_halves(v), _mm_set1_epi16(0xFF));
    _mm_storel_epi64(static_cast<__m128i*>(p), _mm_packus_epi16(halves, halves));
  }
  static void store_low_halves(void* p, I v) { _mm_storeu_si128(static_cast<__m128i*>(p), low_halves(v)); }
  // Undoes unpack_low/high of words: 16 numbers of at most 8 bits, the low bytes in order.
  static void store_unpacked_bytes(void* p, I low, I high) {
    const I words = _mm256_and_si256(_mm256_packs_epi32(low, high), _mm256_set1_epi16(0xFF));
    const I bytes = _mm256_permute4x64_epi64(_mm256_packus_epi16(words, words), 0x08);
    _mm_storeu_si128(static_cast<__m128i*>(p), _mm256_castsi256_si128(bytes));
  }
  static I load_bytes(const void* p) { return _mm256_cvtepu8_epi32(_mm_loadl_epi64(static_cast<const __m128i*>(p))); }
  // The first n, then zeros; nothing behind them is read.
  static I load_halves(const void* p, std::size_t n) {
    std::uint16_t halves[width] = {};
    std::memcpy(halves, p, n * sizeof(halves[0]));
    return load_halves(halves);
  }
  static I load_halves(const void* p) { return _mm256_cvtepu16_epi32(_mm_loadu_si128(static_cast<const __m128i*>(p))); }
};

}  // namespace
}  // namespace vnpu
