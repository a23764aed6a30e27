// From sums to results, one vector at a time. Included by the files of a level after their Vec.
#pragma once

namespace vnpu::cv18xx::kernels {
namespace {

// docs: "quantised down multiply", "shift and saturation". The rounding division by 2^31 with truncation equals
// (p + 2^30) >> 31 for every product p.
inline Vec::I finish_int(Vec::I sum, const ChannelFinish& channel, const IntFinish& finish) {
  Vec::I v = Vec::add(sum, Vec::all(channel.bias));
  if (finish.kind == Finish::qdm) {
    v = Vec::shift_left(v, channel.left);
    const Vec::I m = Vec::all(channel.multiplier);
    const Vec::I half = Vec::bit_and(Vec::all(1 << 30), Vec::even_odd(Vec::all(-1), Vec::zero()));
    const Vec::I even = Vec::add_64(Vec::multiply_even_64(v, m), half);
    const Vec::I odd = Vec::add_64(Vec::multiply_even_64(Vec::shift_right_64(v, 32), m), half);
    const Vec::I h = Vec::even_odd(Vec::shift_right_64(even, 31), Vec::shift_left_64(odd, 1));
    const std::int32_t mask = static_cast<std::int32_t>((1u << channel.right) - 1);
    const Vec::I negative = Vec::shift_right_logic(h, 31);
    const Vec::I threshold = Vec::add(Vec::all(mask >> 1), negative);
    const Vec::I up = Vec::greater(Vec::bit_and(h, Vec::all(mask)), threshold);
    v = Vec::sub(Vec::shift_right(h, channel.right), up);
  } else if (channel.right > 0) {
    if (finish.round) {
      v = Vec::shift_right(Vec::add(Vec::shift_right(v, channel.right - 1), Vec::all(1)), 1);
    } else {
      v = Vec::shift_right(v, channel.right);
    }
  }
  return Vec::max(Vec::min(v, Vec::all(finish.high)), Vec::all(finish.low));
}

// fp32 -> bf16, nearest even, in the low half of each number: no subnormals, no -0; Inf, NaN and what rounds to Inf
// become 0x7F7F. Relu comes after: the sign bit makes 0.
inline Vec::I finish_float(Vec::F value, bool relu) {
  const Vec::I bits = Vec::i(value);
  const Vec::I magnitude = Vec::bit_and(bits, Vec::all(0x7FFFFFFF));
  const Vec::I odd = Vec::bit_and(Vec::shift_right_logic(bits, 16), Vec::all(1));
  const Vec::I rounded = Vec::add(Vec::add(magnitude, Vec::all(0x7FFF)), odd);
  const Vec::I sign = Vec::bit_and(Vec::shift_right_logic(bits, 16), Vec::all(0x8000));
  Vec::I half = Vec::bit_or(Vec::shift_right_logic(rounded, 16), sign);
  // Kept when the rounded exponent is not 0; replaced when the magnitude is at least 0x7F7F8000.
  half = Vec::bit_and(half, Vec::greater(rounded, Vec::all(0x007FFFFF)));
  const Vec::I over = Vec::greater(magnitude, Vec::all(0x7F7F7FFF));
  half = Vec::bit_or(Vec::bit_and(over, Vec::all(0x7F7F)), Vec::bit_and(Vec::bit_xor(over, Vec::all(-1)), half));
  if (relu) {
    const Vec::I positive = Vec::equal(Vec::bit_and(half, Vec::all(0x8000)), Vec::zero());
    half = Vec::bit_and(half, positive);
  }
  return half;
}

inline std::int32_t load_cell(const std::uint8_t* p) {
  std::int32_t v;
  std::memcpy(&v, p, sizeof(v));
  return v;
}

}  // namespace
}  // namespace vnpu::cv18xx::kernels
