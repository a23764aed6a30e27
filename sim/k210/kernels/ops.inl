// The kernels of one level; included once by each ops_*.cpp with KpuVec defined.

namespace vnpu::k210::kernels {
namespace {

using I = Vec::I;

void pack_quad(const std::int32_t* four, std::int32_t* words) { KpuVec::pack_quad(four, words); }

void interleave(const std::uint8_t* const* rows, std::uint32_t* quads, std::size_t count) {
  std::size_t i = 0;
  for (; i + 16 <= count; i += 16) {
    const auto row = [&](int c) { return _mm_loadu_si128(reinterpret_cast<const __m128i*>(rows[c] + i)); };
    const __m128i a = row(0), b = row(1), c = row(2), d = row(3);
    const __m128i ab_low = _mm_unpacklo_epi8(a, b), ab_high = _mm_unpackhi_epi8(a, b);
    const __m128i cd_low = _mm_unpacklo_epi8(c, d), cd_high = _mm_unpackhi_epi8(c, d);
    auto* to = reinterpret_cast<__m128i*>(quads + i);
    _mm_storeu_si128(to, _mm_unpacklo_epi16(ab_low, cd_low));
    _mm_storeu_si128(to + 1, _mm_unpackhi_epi16(ab_low, cd_low));
    _mm_storeu_si128(to + 2, _mm_unpacklo_epi16(ab_high, cd_high));
    _mm_storeu_si128(to + 3, _mm_unpackhi_epi16(ab_high, cd_high));
  }
  for (; i < count; ++i) {
    quads[i] = rows[0][i] | rows[1][i] << 8 | rows[2][i] << 16 | static_cast<std::uint32_t>(rows[3][i]) << 24;
  }
}

void dot_block(const std::uint32_t* x, const std::size_t* taps, std::size_t tap_count, const std::int32_t* weights,
               std::int32_t* sums, std::size_t stride) {
  constexpr std::size_t outs = KpuVec::out_block, words = KpuVec::quad_words;
  I sum[outs][2];
  for (std::size_t o = 0; o < outs; ++o) sum[o][0] = sum[o][1] = Vec::zero();
  for (std::size_t t = 0; t < tap_count; ++t) {
    const std::uint32_t* at = x + taps[t];
    const auto left = KpuVec::quad(Vec::load(at)), right = KpuVec::quad(Vec::load(at + Vec::width));
#pragma GCC unroll 8
    for (std::size_t o = 0; o < outs; ++o, weights += words) {
      const auto w = KpuVec::weights(weights);
      sum[o][0] = KpuVec::dot(sum[o][0], left, w);
      sum[o][1] = KpuVec::dot(sum[o][1], right, w);
    }
  }
  for (std::size_t o = 0; o < outs; ++o) {
    Vec::store(sums + o * stride, sum[o][0]);
    Vec::store(sums + o * stride + Vec::width, sum[o][1]);
  }
}

void sum_block(const std::uint32_t* x, const std::size_t* taps, std::size_t tap_count, std::int32_t* sums) {
  const std::int32_t four[4] = {1, 1, 1, 1};
  std::int32_t words[KpuVec::quad_words];
  KpuVec::pack_quad(four, words);
  const auto ones = KpuVec::weights(words);
  I left = Vec::zero(), right = Vec::zero();
  for (std::size_t t = 0; t < tap_count; ++t) {
    left = KpuVec::dot(left, KpuVec::quad(Vec::load(x + taps[t])), ones);
    right = KpuVec::dot(right, KpuVec::quad(Vec::load(x + taps[t] + Vec::width)), ones);
  }
  Vec::store(sums, left);
  Vec::store(sums + Vec::width, right);
}

void depthwise(const std::uint8_t* x, std::size_t pitch, std::size_t kernel, const std::int32_t* weights,
               const std::int32_t* ones, std::int32_t* sums, std::int32_t* sum_x, std::size_t count) {
  const auto one = KpuVec::weights(ones);
  for (std::size_t i = 0; i < count; i += Vec::width) {
    I dot = Vec::zero(), sum = Vec::zero();
    for (std::size_t row = 0; row < kernel; ++row) {
      const auto window = KpuVec::quad(KpuVec::three_columns(x + row * pitch + i));
      dot = KpuVec::dot(dot, window, KpuVec::weights(weights + row * KpuVec::quad_words));
      sum = KpuVec::dot(sum, window, one);
    }
    Vec::store(sums + i, dot);
    Vec::store(sum_x + i, sum);
  }
}

// (value * factor) >> shift, the low 32 bits; shift 0..31.
inline I multiply_shift(I value, I factor, __m128i shift, __m128i left) {
  const I even = Vec::multiply_even_64(value, factor);
  const I odd = Vec::multiply_even_64(Vec::shift_right_64<32>(value), factor);
  return Vec::even_odd(KpuVec::shift_right_64(even, shift), KpuVec::shift_left_64(odd, left));
}

void x_terms(const std::int32_t* sum_x, std::int32_t factor, std::int32_t shift, std::int32_t offset,
             std::int32_t* terms, std::size_t count) {
  const I f = Vec::all(factor), o = Vec::all(offset);
  const __m128i right = _mm_cvtsi32_si128(shift), left = _mm_cvtsi32_si128(32 - shift);
  for (std::size_t i = 0; i < count; i += Vec::width) {
    const I x = Vec::load(sum_x + i);
    Vec::store(terms + i, Vec::add(multiply_shift(x, f, right, left), Vec::mul(x, o)));
  }
}

template <bool to_even>
void finish_single(const std::int32_t* sums, const std::int32_t* terms, const ChannelFinish& channel,
                   const ActivationPlan& plan, std::uint8_t* out, std::size_t count) {
  const I constant = Vec::all(channel.constant), mul = Vec::all(channel.mul);
  const I add = Vec::all(
      static_cast<std::int32_t>(static_cast<std::uint32_t>(channel.add) - static_cast<std::uint32_t>(plan.start[0])));
  const __m128i right = _mm_cvtsi32_si128(channel.shift), left = _mm_cvtsi32_si128(32 - channel.shift);
  const I cap = Vec::all(plan.cap[0]), slope = Vec::all(plan.mul[0]), bias = Vec::all(plan.bias[0]);
  const int shift = plan.shift[0];
  const I half = Vec::all((1 << (shift - 1)) - (to_even ? 1 : 0)), top = Vec::all(255), one = Vec::all(1);
  for (std::size_t i = 0; i < count; i += Vec::width) {
    const I a = Vec::add(Vec::add(Vec::load(sums + i), Vec::load(terms + i)), constant);
    I d = Vec::add(multiply_shift(a, mul, right, left), add);
    d = Vec::min(Vec::max(d, Vec::zero()), cap);
    const I v = Vec::mul(d, slope);
    I rounded = Vec::add(v, half);
    if (to_even) rounded = Vec::add(rounded, Vec::bit_and(Vec::shift_right(v, shift), one));
    Vec::store_low_bytes(out + i, Vec::min(Vec::add(Vec::shift_right(rounded, shift), bias), top));
  }
}

template <bool to_even>
void finish_many(const std::int32_t* sums, const std::int32_t* terms, const ChannelFinish& channel,
                 const ActivationPlan& plan, std::uint8_t* out, std::size_t count) {
  const I constant = Vec::all(channel.constant), mul = Vec::all(channel.mul), add = Vec::all(channel.add);
  const __m128i right = _mm_cvtsi32_si128(channel.shift), left = _mm_cvtsi32_si128(32 - channel.shift);
  const I top = Vec::all(255), one = Vec::all(1);
  const auto table = [&](const std::array<std::int32_t, 16>& values) { return KpuVec::table(values.data()); };
  const auto starts = table(plan.start), caps = table(plan.cap), slopes = table(plan.mul), shifts = table(plan.shift),
             signs = table(plan.sign), biases = table(plan.bias);
  for (std::size_t i = 0; i < count; i += Vec::width) {
    const I a = Vec::add(Vec::add(Vec::load(sums + i), Vec::load(terms + i)), constant);
    const I b = Vec::add(multiply_shift(a, mul, right, left), add);
    I index = Vec::zero();
    for (std::int32_t k = 1; k < plan.count; ++k) index = Vec::add_1_if_greater(b, Vec::all(plan.after[k]), index);
    const I shift = KpuVec::look_up(shifts, index);
    const I d = Vec::min(Vec::sub(b, KpuVec::look_up(starts, index)), KpuVec::look_up(caps, index));
    const I v = Vec::mul(d, KpuVec::look_up(slopes, index));
    const I floor = KpuVec::shift_right_each(v, shift);
    const I fraction = Vec::sub(v, KpuVec::shift_left_each(floor, shift));
    const I half = KpuVec::shift_right_each(KpuVec::shift_left_each(one, shift), one);
    const I limit = Vec::sub(half, to_even ? Vec::bit_and(floor, one) : one);
    const I rounded = Vec::if_greater(fraction, limit, Vec::add(floor, KpuVec::look_up(signs, index)), floor);
    const I y = Vec::add(rounded, KpuVec::look_up(biases, index));
    Vec::store_low_bytes(out + i, Vec::min(Vec::max(y, Vec::zero()), top));
  }
}

void finish(const std::int32_t* sums, const std::int32_t* terms, const ChannelFinish& channel,
            const ActivationPlan& plan, std::uint8_t* out, std::size_t count) {
  if (plan.single) {
    (plan.to_even ? finish_single<true> : finish_single<false>)(sums, terms, channel, plan, out, count);
  } else {
    (plan.to_even ? finish_many<true> : finish_many<false>)(sums, terms, channel, plan, out, count);
  }
}

void max2(const std::uint8_t* upper, const std::uint8_t* lower, std::uint8_t* out, std::size_t count) {
  std::size_t i = 0;
  const __m128i low = _mm_set1_epi16(0xFF);
  for (; i + 16 <= count; i += 16) {
    const auto halves = [&](std::size_t at) {
      const __m128i m = _mm_max_epu8(_mm_loadu_si128(reinterpret_cast<const __m128i*>(upper + at)),
                                     _mm_loadu_si128(reinterpret_cast<const __m128i*>(lower + at)));
      return _mm_and_si128(_mm_max_epu8(m, _mm_srli_epi16(m, 8)), low);
    };
    _mm_storeu_si128(reinterpret_cast<__m128i*>(out + i), _mm_packus_epi16(halves(2 * i), halves(2 * i + 16)));
  }
  for (; i < count; ++i) {
    const std::uint8_t a = upper[2 * i] > upper[2 * i + 1] ? upper[2 * i] : upper[2 * i + 1];
    const std::uint8_t b = lower[2 * i] > lower[2 * i + 1] ? lower[2 * i] : lower[2 * i + 1];
    out[i] = a > b ? a : b;
  }
}

constexpr Ops make_ops() {
  return {KpuVec::out_block,
          std::size_t{2} * Vec::width,
          KpuVec::quad_words,
          KpuVec::weight_offset,
          pack_quad,
          interleave,
          dot_block,
          sum_block,
          depthwise,
          x_terms,
          finish,
          max2};
}

}  // namespace
}  // namespace vnpu::k210::kernels
