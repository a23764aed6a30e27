// One vector of 16 32-bit numbers, AVX-512. Included only by *_avx512.cpp.
#pragma once

#include <immintrin.h>

#include <cstdint>
#include <cstring>

namespace vnpu {
namespace {

struct Vec {
  static constexpr int width = 16;
  static constexpr int wide_rows = 6, wide_columns = 4;  // of a register tile
  using I = __m512i;
  using F = __m512;

  static I zero() { return _mm512_setzero_si512(); }
  static I load(const void* p) { return _mm512_loadu_si512(p); }
  static void store(void* p, I v) { _mm512_storeu_si512(p, v); }
  static I all(std::int32_t v) { return _mm512_set1_epi32(v); }
  static I all_words(std::int16_t v) { return _mm512_set1_epi16(v); }
  static I all_bytes(std::int8_t v) { return _mm512_set1_epi8(v); }
  static F f(I v) { return _mm512_castsi512_ps(v); }
  static I i(F v) { return _mm512_castps_si512(v); }

  static I add(I a, I b) { return _mm512_add_epi32(a, b); }
  static I mul(I a, I b) { return _mm512_mullo_epi32(a, b); }
  static I sub(I a, I b) { return _mm512_sub_epi32(a, b); }
  static I min_unsigned(I a, I b) { return _mm512_min_epu32(a, b); }
  static I min(I a, I b) { return _mm512_min_epi32(a, b); }
  static I max(I a, I b) { return _mm512_max_epi32(a, b); }
  static I bit_and(I a, I b) { return _mm512_and_si512(a, b); }
  static I bit_or(I a, I b) { return _mm512_or_si512(a, b); }
  static I bit_xor(I a, I b) { return _mm512_xor_si512(a, b); }
  static I shift_left(I a, int n) { return _mm512_sll_epi32(a, _mm_cvtsi32_si128(n)); }
  static I shift_right(I a, int n) { return _mm512_sra_epi32(a, _mm_cvtsi32_si128(n)); }
  static I shift_right_logic(I a, int n) { return _mm512_srl_epi32(a, _mm_cvtsi32_si128(n)); }
  template <int n>
  static I shift_left(I a) {
    return _mm512_slli_epi32(a, n);
  }
  template <int n>
  static I shift_right_logic(I a) {
    return _mm512_srli_epi32(a, n);
  }
  template <int n>
  static I shift_left_64(I a) {
    return _mm512_slli_epi64(a, n);
  }
  template <int n>
  static I shift_right_64(I a) {
    return _mm512_srli_epi64(a, n);
  }
  static I multiply_even_64(I a, I b) { return _mm512_mul_epi32(a, b); }
  static I add_64(I a, I b) { return _mm512_add_epi64(a, b); }
  static I even_odd(I even, I odd) { return _mm512_mask_blend_epi32(0xAAAA, even, odd); }
  // a > b ? x : y.
  static I if_greater(I a, I b, I x, I y) { return _mm512_mask_mov_epi32(y, _mm512_cmpgt_epi32_mask(a, b), x); }
  static I zero_unless_greater(I a, I b, I x) { return _mm512_maskz_mov_epi32(_mm512_cmpgt_epi32_mask(a, b), x); }
  static I add_1_if_greater(I a, I b, I x) {
    return _mm512_mask_add_epi32(x, _mm512_cmpgt_epi32_mask(a, b), x, _mm512_set1_epi32(1));
  }

  static I dot_words(I sum, I a, I b) { return _mm512_dpwssd_epi32(sum, a, b); }
  static I dot_bytes(I sum, I unsigned_bytes, I signed_bytes) {
    return _mm512_dpbusd_epi32(sum, unsigned_bytes, signed_bytes);
  }
  // In every 128 bits: byte i is table[index[i] & 15], or 0 where the top bit of the index is set.
  static I shuffle_bytes(I table, I index) { return _mm512_shuffle_epi8(table, index); }
  static I repeat_16_bytes(const void* p) {
    return _mm512_broadcast_i32x4(_mm_loadu_si128(static_cast<const __m128i*>(p)));
  }
  static I add_saturated_bytes(I a, I b) { return _mm512_adds_epu8(a, b); }
  static I sub_bytes(I a, I b) { return _mm512_sub_epi8(a, b); }
  static I unpack_low_words(I a, I b) { return _mm512_unpacklo_epi16(a, b); }
  static I unpack_high_words(I a, I b) { return _mm512_unpackhi_epi16(a, b); }
  static I max_unsigned_bytes(I a, I b) { return _mm512_max_epu8(a, b); }
  static I min_unsigned_bytes(I a, I b) { return _mm512_min_epu8(a, b); }

  static F add(F a, F b) { return _mm512_add_ps(a, b); }
  static F sub(F a, F b) { return _mm512_sub_ps(a, b); }
  static F mul(F a, F b) { return _mm512_mul_ps(a, b); }
  static F fma(F a, F b, F sum) { return _mm512_fmadd_ps(a, b, sum); }
  static F max(F a, F b) { return _mm512_max_ps(a, b); }
  static F min(F a, F b) { return _mm512_min_ps(a, b); }

  // The low bytes (halves) of the 16 numbers.
  static void store_low_bytes(void* p, I v) { _mm_storeu_si128(static_cast<__m128i*>(p), _mm512_cvtepi32_epi8(v)); }
  static void store_low_halves(void* p, I v) {
    _mm256_storeu_si256(static_cast<__m256i*>(p), _mm512_cvtepi32_epi16(v));
  }
  // Undoes unpack_low/high of words: 32 numbers of at most 8 bits, the low bytes in order.
  static void store_unpacked_bytes(void* p, I low, I high) {
    _mm256_storeu_si256(static_cast<__m256i*>(p), _mm512_cvtepi16_epi8(_mm512_packs_epi32(low, high)));
  }
  static I load_bytes(const void* p) { return _mm512_cvtepu8_epi32(_mm_loadu_si128(static_cast<const __m128i*>(p))); }
  // The first n, then zeros; nothing behind them is read.
  static I load_halves(const void* p, std::size_t n) {
    return _mm512_cvtepu16_epi32(_mm256_maskz_loadu_epi16(static_cast<__mmask16>((1u << n) - 1), p));
  }
  static I load_halves(const void* p) {
    return _mm512_cvtepu16_epi32(_mm256_loadu_si256(static_cast<const __m256i*>(p)));
  }
};

}  // namespace
}  // namespace vnpu
