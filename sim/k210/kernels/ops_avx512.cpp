#include "sim/core/vec_avx512.h"
#include "sim/k210/kernels/job.h"

namespace vnpu::k210::kernels {
namespace {

struct KpuVec {
  using I = Vec::I;
  static constexpr std::size_t out_block = 8, quad_words = 1;
  static constexpr std::int32_t weight_offset = 128;  // one side of the byte product is signed

  static void pack_quad(const std::int32_t* four, std::int32_t* words) {
    std::uint32_t all = 0;
    for (int i = 0; i < 4; ++i) all |= (static_cast<std::uint32_t>(four[i]) & 0xFF) << (8 * i);
    words[0] = static_cast<std::int32_t>(all);
  }
  static I quad(I x) { return x; }
  static I weights(const std::int32_t* words) { return Vec::all(*words); }
  static I dot(I sum, I x, I w) { return Vec::dot_bytes(sum, x, w); }

  // Word i: bytes i, i + 1, i + 2 and 0.
  static I three_columns(const std::uint8_t* p) {
    const I words = _mm512_castsi256_si512(_mm256_loadu_si256(reinterpret_cast<const __m256i*>(p)));
    const I lanes = _mm512_permutexvar_epi32(_mm512_setr_epi32(0, 1, 0, 0, 1, 2, 0, 0, 2, 3, 0, 0, 3, 4, 0, 0), words);
    const __m128i columns = _mm_setr_epi8(0, 1, 2, -1, 1, 2, 3, -1, 2, 3, 4, -1, 3, 4, 5, -1);
    return _mm512_shuffle_epi8(lanes, _mm512_broadcast_i32x4(columns));
  }

  static I shift_right_64(I v, __m128i n) { return _mm512_srl_epi64(v, n); }
  static I shift_left_64(I v, __m128i n) { return _mm512_sll_epi64(v, n); }
  static I shift_right_each(I v, I n) { return _mm512_srav_epi32(v, n); }
  static I shift_left_each(I v, I n) { return _mm512_sllv_epi32(v, n); }
  static I table(const std::int32_t* sixteen) { return Vec::load(sixteen); }
  static I look_up(I table, I index) { return _mm512_permutexvar_epi32(index, table); }
};

}  // namespace
}  // namespace vnpu::k210::kernels

#include "sim/k210/kernels/ops.inl"

namespace vnpu::k210::kernels {

const Ops& ops_avx512() {
  static constexpr Ops ops = make_ops();
  return ops;
}

}  // namespace vnpu::k210::kernels
