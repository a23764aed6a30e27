// Element-wise operations. Included by the files of a level after their Vec.
#pragma once

#include "sim/cv18xx/kernels/finish.inl"

namespace vnpu::cv18xx::kernels {
namespace {

constexpr std::size_t chunk = 256;  // elements worked on at a time, as 32-bit numbers

void widen_to_int(std::int32_t* out, const std::uint8_t* in, std::size_t count, bool is_signed) {
  const std::int32_t flip = is_signed ? 0x80 : 0;
  for (std::size_t i = 0; i < count; ++i) out[i] = (in[i] ^ flip) - flip;
}

void widen_pair_to_int(std::int32_t* out, const std::uint8_t* low, const std::uint8_t* high, std::size_t count,
                       bool is_signed) {
  const std::int32_t flip = is_signed ? 0x8000 : 0;
  for (std::size_t i = 0; i < count; ++i) out[i] = ((low[i] | high[i] << 8) ^ flip) - flip;
}

template <class F>
void combine(std::int32_t* x, const std::int32_t* y, std::size_t count, F f) {
  for (std::size_t i = 0; i < count; ++i) x[i] = f(x[i], y[i]);
}

void int_op(const IntOpJob& job) {
  alignas(64) std::int32_t x[chunk], y[chunk], z[chunk];
  for (std::size_t i = 0; i < chunk; ++i) y[i] = job.constant;
  for (std::size_t at = 0; at < job.count; at += chunk) {
    const std::size_t n = job.count - at < chunk ? job.count - at : chunk;
    widen_to_int(x, job.x + at, n, job.x_signed);
    if (job.y) widen_to_int(y, job.y + at, n, job.y_signed);
    switch (job.op) {
      case IntOp::mac: {
        widen_pair_to_int(z, job.z_low + at, job.z_high + at, n, job.z_signed);
        const std::int32_t scale = 1 << job.left;
        combine(x, y, n, [](std::int32_t a, std::int32_t b) { return a * b; });
        combine(x, z, n, [=](std::int32_t a, std::int32_t b) { return a + b * scale; });
        break;
      }
      case IntOp::mul: combine(x, y, n, [](std::int32_t a, std::int32_t b) { return a * b; }); break;
      case IntOp::max: combine(x, y, n, [](std::int32_t a, std::int32_t b) { return a > b ? a : b; }); break;
      case IntOp::min: combine(x, y, n, [](std::int32_t a, std::int32_t b) { return a < b ? a : b; }); break;
      case IntOp::bit_and: combine(x, y, n, [](std::int32_t a, std::int32_t b) { return a & b; }); break;
      case IntOp::bit_or: combine(x, y, n, [](std::int32_t a, std::int32_t b) { return a | b; }); break;
      case IntOp::bit_xor: combine(x, y, n, [](std::int32_t a, std::int32_t b) { return a ^ b; }); break;
    }
    for (std::size_t i = 0; i < n; i += Vec::width) {
      Vec::store(x + i, finish_int(Vec::load(x + i), job.finish, job.integer));
    }
    for (std::size_t i = 0; i < n; ++i) job.result_low[at + i] = static_cast<std::uint8_t>(x[i]);
    if (job.result_high) {
      for (std::size_t i = 0; i < n; ++i) job.result_high[at + i] = static_cast<std::uint8_t>(x[i] >> 8);
    }
  }
}

// An operand: subnormals and zeros become +0, Inf and NaN become NaN.
inline Vec::F load_operand(Vec::I halves) {
  const Vec::I bits = Vec::shift_left(halves, 16);
  const Vec::I exponent = Vec::bit_and(bits, Vec::all(0x7F800000));
  const Vec::I flushed = Vec::bit_and(bits, Vec::greater(exponent, Vec::zero()));
  const Vec::I invalid = Vec::bit_and(Vec::equal(exponent, Vec::all(0x7F800000)), Vec::all(0x7FC00000));
  return Vec::f(Vec::bit_or(flushed, invalid));
}

// Overflow of a product is sticky: it must not go into a sum as the largest finite number.
inline Vec::F product(Vec::F a, Vec::F b) {
  const Vec::I p = Vec::i(Vec::mul(a, b));
  const Vec::I over = Vec::greater(Vec::bit_and(p, Vec::all(0x7FFFFFFF)), Vec::all(0x7F7FFFFE));
  return Vec::f(Vec::bit_or(p, Vec::bit_and(over, Vec::all(0x7FC00000))));
}

inline Vec::I is_invalid(Vec::F v) {
  return Vec::greater(Vec::bit_and(Vec::i(v), Vec::all(0x7FFFFFFF)), Vec::all(0x7F7FFFFF));
}

template <FloatOp op>
inline Vec::I float_vector(Vec::I x, Vec::I y, Vec::I z, bool relu) {
  const Vec::F a = load_operand(x);
  if constexpr (op == FloatOp::copy) return finish_float(a, false);
  const Vec::F b = load_operand(y);
  if constexpr (op == FloatOp::mul) return finish_float(product(a, b), relu);
  if constexpr (op == FloatOp::mac) {
    return finish_float(Vec::add(product(a, b), Vec::f(Vec::shift_left(z, 16))), relu);
  }
  if constexpr (op == FloatOp::add) return finish_float(Vec::add(a, b), relu);
  if constexpr (op == FloatOp::sub) return finish_float(Vec::sub(a, b), false);
  // Comparisons hand an invalid operand on.
  const Vec::I invalid = Vec::bit_or(is_invalid(a), is_invalid(b));
  const Vec::I picked = Vec::i(op == FloatOp::max ? Vec::max(a, b) : Vec::min(a, b));
  return finish_float(Vec::f(Vec::bit_or(picked, Vec::bit_and(invalid, Vec::all(0x7FC00000)))), false);
}

template <FloatOp op>
void float_loop(const FloatOpJob& job) {
  const Vec::I constant = Vec::all(job.constant);
  std::size_t i = 0;
  const auto one = [&](std::uint16_t* out, const std::uint16_t* x, const std::uint16_t* y, const std::uint16_t* z) {
    Vec::store_low_halves(out, float_vector<op>(Vec::load_halves(x), y ? Vec::load_halves(y) : constant,
                                                z ? Vec::load_halves(z) : Vec::zero(), job.relu));
  };
  for (; i + Vec::width <= job.count; i += Vec::width) {
    one(job.result + i, job.x + i, job.y ? job.y + i : nullptr, job.z ? job.z + i : nullptr);
  }
  if (i < job.count) {
    std::uint16_t x[Vec::width] = {}, y[Vec::width] = {}, z[Vec::width] = {}, out[Vec::width];
    const std::size_t bytes = (job.count - i) * sizeof(x[0]);
    std::memcpy(x, job.x + i, bytes);
    if (job.y) std::memcpy(y, job.y + i, bytes);
    if (job.z) std::memcpy(z, job.z + i, bytes);
    one(out, x, job.y ? y : nullptr, job.z ? z : nullptr);
    std::memcpy(job.result + i, out, bytes);
  }
}

// Reads and writes whole vectors: sums and out are padded.
void finish_floats(std::uint16_t* out, const float* sums, const float* bias, std::size_t count, bool relu) {
  float last[Vec::width] = {};
  for (std::size_t i = 0; i < count; i += Vec::width) {
    Vec::F v = Vec::f(Vec::load(sums + i));
    if (bias) {
      const float* add = bias + i;
      if (count - i < Vec::width) {
        std::memcpy(last, add, (count - i) * sizeof(float));
        add = last;
      }
      v = Vec::add(v, Vec::f(Vec::load(add)));
    }
    Vec::store_low_halves(out + i, finish_float(v, relu));
  }
}

void float_op(const FloatOpJob& job) {
  switch (job.op) {
    case FloatOp::mul: return float_loop<FloatOp::mul>(job);
    case FloatOp::mac: return float_loop<FloatOp::mac>(job);
    case FloatOp::add: return float_loop<FloatOp::add>(job);
    case FloatOp::sub: return float_loop<FloatOp::sub>(job);
    case FloatOp::max: return float_loop<FloatOp::max>(job);
    case FloatOp::min: return float_loop<FloatOp::min>(job);
    case FloatOp::copy: return float_loop<FloatOp::copy>(job);
  }
}

}  // namespace
}  // namespace vnpu::cv18xx::kernels
