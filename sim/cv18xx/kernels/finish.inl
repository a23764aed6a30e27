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
    const Vec::I odd = Vec::add_64(Vec::multiply_even_64(Vec::shift_right_64<32>(v), m), half);
    const Vec::I h = Vec::even_odd(Vec::shift_right_64<31>(even), Vec::shift_left_64<1>(odd));
    const std::int32_t mask = static_cast<std::int32_t>((1u << channel.right) - 1);
    const Vec::I negative = Vec::shift_right_logic<31>(h);
    const Vec::I threshold = Vec::add(Vec::all(mask >> 1), negative);
    v = Vec::add_1_if_greater(Vec::bit_and(h, Vec::all(mask)), threshold, Vec::shift_right(h, channel.right));
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
  const Vec::I odd = Vec::bit_and(Vec::shift_right_logic<16>(bits), Vec::all(1));
  Vec::I half = Vec::shift_right_logic<16>(Vec::add(Vec::add(bits, Vec::all(0x7FFF)), odd));
  half = Vec::zero_unless_greater(magnitude, Vec::all(0x007F7FFF), half);           // rounds to an exponent > 0
  half = Vec::if_greater(magnitude, Vec::all(0x7F7F7FFF), Vec::all(0x7F7F), half);  // rounds to exponent 255
  if (relu) half = Vec::zero_unless_greater(Vec::all(0x8000), half, half);
  return half;
}

inline std::int32_t load_cell(const std::uint8_t* p) {
  std::int32_t v;
  std::memcpy(&v, p, sizeof(v));
  return v;
}

}  // namespace
}  // namespace vnpu::cv18xx::kernels
