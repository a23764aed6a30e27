#include "sim/core/vec_avx2.h"
#include "sim/k210/kernels/job.h"

namespace vnpu::k210::kernels {
namespace {

// Without a byte product of unsigned and signed that cannot saturate: channels 0 and 2, and 1 and 3, as pairs of words.
struct KpuVec {
  using I = Vec::I;
  static constexpr std::size_t out_block = 4, quad_words = 2;
  static constexpr std::int32_t weight_offset = 0;

  static void pack_quad(const std::int32_t* four, std::int32_t* words) {
    for (int i = 0; i < 2; ++i) {
      words[i] = static_cast<std::int32_t>((static_cast<std::uint32_t>(four[i]) & 0xFFFF) |
                                           static_cast<std::uint32_t>(four[i + 2]) << 16);
    }
  }
  struct Pairs {
    I even, odd;
  };
  static Pairs quad(I x) {
    const I low = _mm256_set1_epi32(0x00FF00FF);
    return {_mm256_and_si256(x, low), _mm256_and_si256(_mm256_srli_epi32(x, 8), low)};
  }
  static Pairs weights(const std::int32_t* words) { return {Vec::all(words[0]), Vec::all(words[1])}; }
  static I dot(I sum, Pairs x, Pairs w) { return Vec::dot_words(Vec::dot_words(sum, x.even, w.even), x.odd, w.odd); }

  // Word i: bytes i, i + 1, i + 2 and 0.
  static I three_columns(const std::uint8_t* p) {
    const I words = _mm256_castsi128_si256(_mm_loadu_si128(reinterpret_cast<const __m128i*>(p)));
    const I lanes = _mm256_permutevar8x32_epi32(words, _mm256_setr_epi32(0, 1, 0, 0, 1, 2, 0, 0));
    const __m128i columns = _mm_setr_epi8(0, 1, 2, -1, 1, 2, 3, -1, 2, 3, 4, -1, 3, 4, 5, -1);
    return _mm256_shuffle_epi8(lanes, _mm256_broadcastsi128_si256(columns));
  }

  static I shift_right_64(I v, __m128i n) { return _mm256_srl_epi64(v, n); }
  static I shift_left_64(I v, __m128i n) { return _mm256_sll_epi64(v, n); }
  static I shift_right_each(I v, I n) { return _mm256_srav_epi32(v, n); }
  static I shift_left_each(I v, I n) { return _mm256_sllv_epi32(v, n); }
  static Pairs table(const std::int32_t* sixteen) { return {Vec::load(sixteen), Vec::load(sixteen + 8)}; }
  static I look_up(Pairs table, I index) {
    return Vec::if_greater(index, Vec::all(7), _mm256_permutevar8x32_epi32(table.odd, index),
                           _mm256_permutevar8x32_epi32(table.even, index));
  }
};

}  // namespace
}  // namespace vnpu::k210::kernels

#include "sim/k210/kernels/ops.inl"

namespace vnpu::k210::kernels {

const Ops& ops_avx2() {
  static constexpr Ops ops = make_ops();
  return ops;
}

}  // namespace vnpu::k210::kernels
