// AVX-512 F, BW, DQ, VL, VNNI.
#include <immintrin.h>

#include <cstring>

#include "sim/bm1684x/kernels/gemm.h"

namespace vnpu::bm1684x::kernels {
namespace {

struct Vec {
  using I = __m512i;
  using F = __m512;
  static constexpr std::size_t width = 16;
  static constexpr int float_rows = 4;
  static I load(const std::int32_t* p) { return _mm512_loadu_si512(p); }
  static F load(const float* p) { return _mm512_loadu_ps(p); }
  static void store(std::int32_t* p, I v) { _mm512_storeu_si512(p, v); }
  static void store(float* p, F v) { _mm512_storeu_ps(p, v); }
  static I zero() { return _mm512_setzero_si512(); }
  static I all(std::int32_t v) { return _mm512_set1_epi32(v); }
  static I all(std::uint32_t v) { return _mm512_set1_epi32(static_cast<std::int32_t>(v)); }
  static F all(float v) { return _mm512_set1_ps(v); }
  static F add(F a, F b) { return _mm512_add_ps(a, b); }
  static I add(I a, I b) { return _mm512_add_epi32(a, b); }
  static I subtract(I a, I b) { return _mm512_sub_epi32(a, b); }
  static F multiply(F a, F b) { return _mm512_mul_ps(a, b); }
  static I bits(F v) { return _mm512_castps_si512(v); }
  static I both(I a, I b) { return _mm512_and_si512(a, b); }
  static I maximum(I a, I b) { return _mm512_max_epi32(a, b); }
  static I cut(F v) { return _mm512_cvttps_epi32(v); }
  static F to_float(I v) { return _mm512_cvtepi32_ps(v); }
  // Whether an element is not 0 and below `low` or above `high`.
  static bool any_outside(I v, std::int32_t low, std::int32_t high) {
    const __mmask16 small = _mm512_mask_cmplt_epi32_mask(_mm512_test_epi32_mask(v, v), v, _mm512_set1_epi32(low));
    return small | _mm512_cmpgt_epi32_mask(v, _mm512_set1_epi32(high));
  }
  static F zero_where_zero(I where, I value) {
    return _mm512_castsi512_ps(_mm512_maskz_mov_epi32(_mm512_test_epi32_mask(where, where), value));
  }
};

struct ByteStep {
  using Cell = __m512i;
  static constexpr std::size_t weight_words = 1;
  static constexpr int rows = 6, columns = 4;
  static Cell cell(const std::int32_t* p) { return Vec::load(p); }
  static Vec::I step(Vec::I sum, Cell cell, const std::int32_t* w) {
    return _mm512_dpbusd_epi32(sum, cell, _mm512_set1_epi32(*w));
  }
};

}  // namespace
}  // namespace vnpu::bm1684x::kernels

#include "sim/bm1684x/kernels/gemm.inl"

namespace vnpu::bm1684x::kernels {
const GemmOps gemm_avx512{add_bytes<ByteStep>, 1,          add_floats,  add_cube,  widen_f16,
                          widen_bf16,          narrow_f16, narrow_bf16, interleave};
}
