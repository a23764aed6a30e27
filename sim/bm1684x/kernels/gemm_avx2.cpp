// AVX2.
#include <immintrin.h>

#include <cstring>

#include "sim/bm1684x/kernels/gemm.h"

namespace vnpu::bm1684x::kernels {
namespace {

struct Vec {
  using I = __m256i;
  using F = __m256;
  static constexpr std::size_t width = 8;
  static constexpr int float_rows = 2;
  static I load(const std::int32_t* p) { return _mm256_loadu_si256(reinterpret_cast<const __m256i*>(p)); }
  static F load(const float* p) { return _mm256_loadu_ps(p); }
  static void store(std::int32_t* p, I v) { _mm256_storeu_si256(reinterpret_cast<__m256i*>(p), v); }
  static void store(float* p, F v) { _mm256_storeu_ps(p, v); }
  static I zero() { return _mm256_setzero_si256(); }
  static I all(std::int32_t v) { return _mm256_set1_epi32(v); }
  static I all(std::uint32_t v) { return _mm256_set1_epi32(static_cast<std::int32_t>(v)); }
  static F all(float v) { return _mm256_set1_ps(v); }
  static F add(F a, F b) { return _mm256_add_ps(a, b); }
  static I add(I a, I b) { return _mm256_add_epi32(a, b); }
  static I subtract(I a, I b) { return _mm256_sub_epi32(a, b); }
  static F multiply(F a, F b) { return _mm256_mul_ps(a, b); }
  static I bits(F v) { return _mm256_castps_si256(v); }
  static I both(I a, I b) { return _mm256_and_si256(a, b); }
  static I maximum(I a, I b) { return _mm256_max_epi32(a, b); }
  static I cut(F v) { return _mm256_cvttps_epi32(v); }
  static F to_float(I v) { return _mm256_cvtepi32_ps(v); }
  static bool any_outside(I v, std::int32_t low, std::int32_t high) {
    const __m256i small = _mm256_andnot_si256(_mm256_cmpeq_epi32(v, zero()), _mm256_cmpgt_epi32(all(low), v));
    return _mm256_movemask_epi8(_mm256_or_si256(small, _mm256_cmpgt_epi32(v, all(high)))) != 0;
  }
  static F zero_where_zero(I where, I value) {
    return _mm256_castsi256_ps(_mm256_andnot_si256(_mm256_cmpeq_epi32(where, zero()), value));
  }
};

// Even and odd bytes as 16-bit numbers: their products and the sums of two fit 32 bits.
struct ByteStep {
  struct Cell {
    __m256i even, odd;
  };
  static constexpr std::size_t weight_words = 2;
  static constexpr int rows = 4, columns = 2;
  static Cell cell(const std::int32_t* p) {
    const __m256i four = Vec::load(p);
    return {_mm256_and_si256(four, _mm256_set1_epi16(0xFF)), _mm256_srli_epi16(four, 8)};
  }
  static Vec::I step(Vec::I sum, Cell cell, const std::int32_t* w) {
    const __m256i products = _mm256_add_epi32(_mm256_madd_epi16(cell.even, _mm256_set1_epi32(w[0])),
                                              _mm256_madd_epi16(cell.odd, _mm256_set1_epi32(w[1])));
    return _mm256_add_epi32(sum, products);
  }
};

}  // namespace
}  // namespace vnpu::bm1684x::kernels

#include "sim/bm1684x/kernels/gemm.inl"

namespace vnpu::bm1684x::kernels {
const GemmOps gemm_avx2{add_bytes<ByteStep>, 2,          add_floats,  add_cube,  widen_f16,
                        widen_bf16,          narrow_f16, narrow_bf16, interleave};
}
