// The sum of products of a convolution or matrix multiply, a register tile of channels x pixel vectors at a time.
// Included by the files of a level after their Vec.
#pragma once

#include "sim/cv18xx/kernels/finish.inl"

namespace vnpu::cv18xx::kernels {
namespace {

struct DotWords {
  static Vec::I step(Vec::I sum, Vec::I cell, Vec::I weight) { return Vec::dot_words(sum, cell, weight); }
};
struct DotFma {
  static Vec::I step(Vec::I sum, Vec::I cell, Vec::I weight) {
    return Vec::i(Vec::fma(Vec::f(cell), Vec::f(weight), Vec::f(sum)));
  }
};
// Two roundings: the product, exact or flushed to 0, then the sum.
struct DotFloat {
  static Vec::I step(Vec::I sum, Vec::I cell, Vec::I weight) {
    return Vec::i(Vec::add(Vec::f(sum), Vec::mul(Vec::f(cell), Vec::f(weight))));
  }
};

template <class Dot>
inline constexpr bool is_float = false;
template <>
inline constexpr bool is_float<DotFma> = true;
template <>
inline constexpr bool is_float<DotFloat> = true;

template <class Dot>
inline void finish_vector(const ConvJob& job, std::ptrdiff_t channel, std::ptrdiff_t pixel, Vec::I sum) {
  const std::ptrdiff_t at = channel * job.row + pixel;
  if (job.kind == Finish::raw) {
    Vec::store(static_cast<std::int32_t*>(job.result) + at, sum);
  } else if constexpr (is_float<Dot>) {
    Vec::F v = Vec::f(sum);
    if (job.bias)
      v = Vec::add(v, Vec::f(Vec::all(load_cell(reinterpret_cast<const std::uint8_t*>(job.bias + channel)))));
    Vec::store_low_halves(static_cast<std::uint16_t*>(job.result) + at, finish_float(v, job.relu));
  } else {
    Vec::store_low_bytes(static_cast<std::uint8_t*>(job.result) + at,
                         finish_int(sum, job.finish[channel], job.integer));
  }
}

template <class Dot, int rows, int columns>
void conv_tile(const ConvJob& job, std::ptrdiff_t channel, std::ptrdiff_t pixel) {
  Vec::I sums[rows][columns];
  const std::uint8_t* weights[rows];
#pragma GCC unroll 16
  for (int r = 0; r < rows; ++r) {
    weights[r] = job.weights[channel + r];
#pragma GCC unroll 4
    for (int c = 0; c < columns; ++c) {
      sums[r][c] = job.start ? Vec::load(job.start + (channel + r) * job.row + pixel + c * Vec::width) : Vec::zero();
    }
  }
  std::ptrdiff_t k = 0;
  for (std::ptrdiff_t t = 0; t < job.taps; ++t) {
    const std::int32_t* cells = job.cells + job.tap[t] + pixel;
    for (std::ptrdiff_t g = 0; g < job.groups; ++g, cells += job.plane, k += 4) {
      Vec::I in[columns];
#pragma GCC unroll 4
      for (int c = 0; c < columns; ++c) in[c] = Vec::load(cells + c * Vec::width);
#pragma GCC unroll 16
      for (int r = 0; r < rows; ++r) {
        const Vec::I weight = Vec::all(load_cell(weights[r] + k));
#pragma GCC unroll 4
        for (int c = 0; c < columns; ++c) sums[r][c] = Dot::step(sums[r][c], in[c], weight);
      }
    }
  }
#pragma GCC unroll 16
  for (int r = 0; r < rows; ++r) {
#pragma GCC unroll 4
    for (int c = 0; c < columns; ++c) finish_vector<Dot>(job, channel + r, pixel + c * Vec::width, sums[r][c]);
  }
}

// `rows` channels, all pixels.
template <class Dot, int rows, int columns>
void conv_rows(const ConvJob& job, std::ptrdiff_t channel) {
  std::ptrdiff_t pixel = 0;
  for (; job.pixels - pixel > (columns - 1) * Vec::width; pixel += columns * Vec::width) {
    conv_tile<Dot, rows, columns>(job, channel, pixel);
  }
  const std::ptrdiff_t rest = job.pixels - pixel;
  if constexpr (columns > 3) {
    if (rest > 2 * Vec::width) return conv_tile<Dot, rows, 3>(job, channel, pixel);
  }
  if constexpr (columns > 2) {
    if (rest > Vec::width) return conv_tile<Dot, rows, 2>(job, channel, pixel);
  }
  if (rest > 0) conv_tile<Dot, rows, 1>(job, channel, pixel);
}

// All channels, most rows of them at a time; the weights of the rows stay in the first cache while pixels pass by.
template <class Dot, int rows, int columns>
void conv_channels(const ConvJob& job, std::ptrdiff_t channel) {
  for (; job.channels - channel >= rows; channel += rows) conv_rows<Dot, rows, columns>(job, channel);
  if constexpr (rows > 1) conv_channels<Dot, (rows > 8 ? 8 : rows > 4 ? 4 : rows / 2), columns>(job, channel);
}

// A tile wide in pixels where there are enough, tall in channels where there are not.
template <class Dot>
void conv(const ConvJob& job) {
  if (job.pixels <= Vec::width) {
    conv_channels<Dot, 12, 1>(job, 0);
  } else {
    conv_channels<Dot, Vec::wide_rows, Vec::wide_columns>(job, 0);
  }
}

// ---- operands into cells ----

void pack_words(std::int32_t* cells, const std::uint8_t* const* planes, std::size_t count, bool is_signed) {
  const std::uint8_t* a = planes[0];
  const std::uint8_t* b = planes[1];
  // (v ^ 0x80) - 0x80 extends the sign of a byte.
  const std::int32_t flip = is_signed ? 0x80 : 0;
  for (std::size_t i = 0; i < count; ++i) {
    const std::int32_t low = (a[i] ^ flip) - flip;
    const std::int32_t high = (b[i] ^ flip) - flip;
    cells[i] = static_cast<std::int32_t>((static_cast<std::uint32_t>(high) << 16) | (low & 0xFFFF));
  }
}

void widen_bytes(std::int16_t* out, const std::uint8_t* in, std::size_t count, bool is_signed) {
  const int flip = is_signed ? 0x80 : 0;
  for (std::size_t i = 0; i < count; ++i) out[i] = static_cast<std::int16_t>((in[i] ^ flip) - flip);
}

// `out` is padded to whole vectors.
void widen_bf16(float* out, const void* in, std::size_t count, ExponentRange& range) {
  const auto* from = static_cast<const std::uint8_t*>(in);
  const Vec::I exponent = Vec::all(0x7F800000);
  Vec::I low = Vec::load(range.low_bits), high = Vec::load(range.high_bits);
  const auto convert = [&](Vec::I halves) {
    const Vec::I bits = Vec::shift_left<16>(halves);
    const Vec::I e = Vec::bit_and(bits, exponent);
    low = Vec::min_unsigned(low, Vec::sub(e, Vec::all(1)));
    high = Vec::max(high, e);
    return Vec::zero_unless_greater(e, Vec::zero(), bits);
  };
  std::size_t i = 0;
  for (; i + Vec::width <= count; i += Vec::width) Vec::store(out + i, convert(Vec::load_halves(from + 2 * i)));
  if (i < count) Vec::store(out + i, convert(Vec::load_halves(from + 2 * i, count - i)));
  Vec::store(range.low_bits, low);
  Vec::store(range.high_bits, high);
}

}  // namespace
}  // namespace vnpu::cv18xx::kernels
