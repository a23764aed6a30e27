// One channel under a sliding window. Included by the files of a level after their Vec.
#pragma once

#include "sim/cv18xx/kernels/finish.inl"

namespace vnpu::cv18xx::kernels {
namespace {

// Two taps at a time: neighbouring int16 of two tap rows become the pairs of a dot product.
void depthwise_int(const DepthwiseJob& job) {
  const auto* plane = static_cast<const std::int16_t*>(job.plane);
  const auto* weights = static_cast<const std::int16_t*>(job.weights);
  for (std::ptrdiff_t p = 0; p < job.pixels; p += 2 * Vec::width) {
    Vec::I low = Vec::zero(), high = Vec::zero();
    for (std::ptrdiff_t t = 0; t < job.taps; t += 2) {
      const Vec::I a = Vec::load(plane + job.tap[t] + p);
      const Vec::I b = Vec::load(plane + job.tap[t + 1 < job.taps ? t + 1 : t] + p);
      const Vec::I pair = Vec::all(load_cell(reinterpret_cast<const std::uint8_t*>(weights + t)));
      low = Vec::dot_words(low, Vec::unpack_low_words(a, b), pair);
      high = Vec::dot_words(high, Vec::unpack_high_words(a, b), pair);
    }
    Vec::store_unpacked_bytes(static_cast<std::uint8_t*>(job.result) + p, finish_int(low, job.finish, job.integer),
                              finish_int(high, job.finish, job.integer));
  }
}

void depthwise_float(const DepthwiseJob& job) {
  const auto* plane = static_cast<const float*>(job.plane);
  const auto* weights = static_cast<const std::uint8_t*>(job.weights);
  constexpr int columns = 4;
  for (std::ptrdiff_t p = 0; p < job.pixels; p += columns * Vec::width) {
    Vec::F sums[columns];
    for (int c = 0; c < columns; ++c) sums[c] = Vec::f(Vec::zero());
    for (std::ptrdiff_t t = 0; t < job.taps; ++t) {
      const Vec::F weight = Vec::f(Vec::all(load_cell(weights + 4 * t)));
      const float* row = plane + job.tap[t] + p;
#pragma GCC unroll 4
      for (int c = 0; c < columns; ++c) {
        sums[c] = Vec::add(sums[c], Vec::mul(Vec::f(Vec::load(row + c * Vec::width)), weight));
      }
    }
    for (int c = 0; c < columns; ++c) {
      if (job.bias) {
        sums[c] = Vec::add(sums[c], Vec::f(Vec::all(load_cell(reinterpret_cast<const std::uint8_t*>(job.bias)))));
      }
      Vec::store_low_halves(static_cast<std::uint16_t*>(job.result) + p + c * Vec::width,
                            finish_float(sums[c], job.relu));
    }
  }
}

void extreme_bytes(const DepthwiseJob& job, bool is_signed, bool want_max, std::uint8_t start) {
  const auto* plane = static_cast<const std::uint8_t*>(job.plane);
  // Signed bytes keep their order as unsigned ones when the sign bit is flipped.
  const Vec::I flip = Vec::all_bytes(static_cast<std::int8_t>(is_signed ? 0x80 : 0));
  for (std::ptrdiff_t p = 0; p < job.pixels; p += 4 * Vec::width) {
    Vec::I best = Vec::bit_xor(Vec::all_bytes(static_cast<std::int8_t>(start)), flip);
    for (std::ptrdiff_t t = 0; t < job.taps; ++t) {
      const Vec::I v = Vec::bit_xor(Vec::load(plane + job.tap[t] + p), flip);
      best = want_max ? Vec::max_unsigned_bytes(best, v) : Vec::min_unsigned_bytes(best, v);
    }
    Vec::store(static_cast<std::uint8_t*>(job.result) + p, Vec::bit_xor(best, flip));
  }
}

void extreme_float(const DepthwiseJob& job, bool want_max) {
  const auto* plane = static_cast<const float*>(job.plane);
  for (std::ptrdiff_t p = 0; p < job.pixels; p += Vec::width) {
    Vec::F best = Vec::f(Vec::load(plane + job.tap[0] + p));
    for (std::ptrdiff_t t = 1; t < job.taps; ++t) {
      const Vec::F v = Vec::f(Vec::load(plane + job.tap[t] + p));
      best = want_max ? Vec::max(best, v) : Vec::min(best, v);
    }
    Vec::store_low_halves(static_cast<std::uint16_t*>(job.result) + p, finish_float(best, false));
  }
}

}  // namespace
}  // namespace vnpu::cv18xx::kernels
