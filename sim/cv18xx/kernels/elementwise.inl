// Element-wise operations. Included by the files of a level after their Vec.
#pragma once

#include "sim/cv18xx/kernels/finish.inl"

namespace vnpu::cv18xx::kernels {
namespace {

// (v ^ flip) - flip extends the sign bit `flip` of a zero-extended number.
inline Vec::I extend(Vec::I v, Vec::I flip) { return Vec::sub(Vec::bit_xor(v, flip), flip); }

template <IntOp op>
inline Vec::I int_vector(Vec::I x, Vec::I y) {
  if constexpr (op == IntOp::mul || op == IntOp::mac) return Vec::mul(x, y);
  if constexpr (op == IntOp::max) return Vec::max(x, y);
  if constexpr (op == IntOp::min) return Vec::min(x, y);
  if constexpr (op == IntOp::bit_and) return Vec::bit_and(x, y);
  if constexpr (op == IntOp::bit_or) return Vec::bit_or(x, y);
  return Vec::bit_xor(x, y);
}

template <IntOp op>
void int_loop(const IntOpJob& given) {
  const IntOpJob job = given;  // a copy of our own: no store can reach it
  const Vec::I x_flip = Vec::all(job.x_signed ? 0x80 : 0), y_flip = Vec::all(job.y_signed ? 0x80 : 0);
  const Vec::I z_flip = Vec::all(job.z_signed ? 0x8000 : 0), constant = Vec::all(job.constant);
  const auto one = [&](const std::uint8_t* x, const std::uint8_t* y, const std::uint8_t* z_low,
                       const std::uint8_t* z_high, std::uint8_t* low, std::uint8_t* high) {
    Vec::I v = int_vector<op>(extend(Vec::load_bytes(x), x_flip), y ? extend(Vec::load_bytes(y), y_flip) : constant);
    if constexpr (op == IntOp::mac) {
      const Vec::I z = Vec::bit_or(Vec::load_bytes(z_low), Vec::shift_left<8>(Vec::load_bytes(z_high)));
      v = Vec::add(v, Vec::shift_left(extend(z, z_flip), job.left));
    }
    v = finish_int(v, job.finish, job.integer);
    Vec::store_low_bytes(low, v);
    if (high) Vec::store_low_bytes(high, Vec::shift_right_logic<8>(v));
  };
  std::size_t i = 0;
  for (; i + Vec::width <= job.count; i += Vec::width) {
    const bool with_z = op == IntOp::mac;  // only then is there an old result
    one(job.x + i, job.y ? job.y + i : nullptr, with_z ? job.z_low + i : nullptr, with_z ? job.z_high + i : nullptr,
        job.result_low + i, job.result_high ? job.result_high + i : nullptr);
  }
  if (i == job.count) return;
  std::uint8_t x[Vec::width] = {}, y[Vec::width] = {}, z[2][Vec::width] = {}, out[2][Vec::width];
  const std::size_t rest = job.count - i;
  std::memcpy(x, job.x + i, rest);
  if (job.y) std::memcpy(y, job.y + i, rest);
  if (op == IntOp::mac) {
    std::memcpy(z[0], job.z_low + i, rest);
    std::memcpy(z[1], job.z_high + i, rest);
  }
  one(x, job.y ? y : nullptr, z[0], z[1], out[0], out[1]);
  std::memcpy(job.result_low + i, out[0], rest);
  if (job.result_high) std::memcpy(job.result_high + i, out[1], rest);
}

void int_op(const IntOpJob& job) {
  switch (job.op) {
    case IntOp::mul: return int_loop<IntOp::mul>(job);
    case IntOp::mac: return int_loop<IntOp::mac>(job);
    case IntOp::max: return int_loop<IntOp::max>(job);
    case IntOp::min: return int_loop<IntOp::min>(job);
    case IntOp::bit_and: return int_loop<IntOp::bit_and>(job);
    case IntOp::bit_or: return int_loop<IntOp::bit_or>(job);
    case IntOp::bit_xor: return int_loop<IntOp::bit_xor>(job);
  }
}

// One vector of the 256-entry table: each row of 16 entries answers where the upper half of the index is its number.
// index - 16 * row lies in 0..15 for those alone; + 0x70 with saturation sets the top bit of all others.
void look_up_bytes(std::uint8_t* values, std::size_t count, const std::uint8_t* table) {
  Vec::I rows[16];
  for (int r = 0; r < 16; ++r) rows[r] = Vec::repeat_16_bytes(table + 16 * r);
  constexpr std::size_t bytes = 4 * Vec::width;
  const auto one = [&](std::uint8_t* p) {
    Vec::I index = Vec::load(p), found = Vec::zero();
    for (int r = 0; r < 16; ++r) {
      found = Vec::bit_or(found, Vec::shuffle_bytes(rows[r], Vec::add_saturated_bytes(index, Vec::all_bytes(0x70))));
      index = Vec::sub_bytes(index, Vec::all_bytes(16));
    }
    Vec::store(p, found);
  };
  std::size_t i = 0;
  for (; i + bytes <= count; i += bytes) one(values + i);
  if (i == count) return;
  std::uint8_t rest[bytes] = {};
  std::memcpy(rest, values + i, count - i);
  one(rest);
  std::memcpy(values + i, rest, count - i);
}

// An operand with subnormals as +0; Inf and NaN stay, and sums and products of them are what they must be.
inline Vec::F load_operand(Vec::I halves) {
  const Vec::I bits = Vec::shift_left<16>(halves);
  return Vec::f(Vec::zero_unless_greater(Vec::bit_and(bits, Vec::all(0x7F800000)), Vec::zero(), bits));
}

inline Vec::I magnitude(Vec::F v) { return Vec::bit_and(Vec::i(v), Vec::all(0x7FFFFFFF)); }

// Overflow is sticky: where `size` tells it, NaN instead of v.
inline Vec::F invalid_if_greater(Vec::I size, std::int32_t limit, Vec::F v) {
  return Vec::f(Vec::if_greater(size, Vec::all(limit), Vec::all(0x7FC00000), Vec::i(v)));
}

template <FloatOp op>
inline Vec::I float_vector(Vec::I x, Vec::I y, Vec::I z, bool relu) {
  const Vec::F a = load_operand(x);
  if constexpr (op == FloatOp::copy) return finish_float(a, false);
  const Vec::F b = load_operand(y);
  if constexpr (op == FloatOp::mul) return finish_float(Vec::mul(a, b), relu);
  if constexpr (op == FloatOp::mac) {
    // A product that overflowed must not go into the sum as the largest finite number.
    const Vec::F p = Vec::mul(a, b);
    return finish_float(Vec::add(invalid_if_greater(magnitude(p), 0x7F7FFFFE, p), Vec::f(Vec::shift_left<16>(z))),
                        relu);
  }
  if constexpr (op == FloatOp::add) return finish_float(Vec::add(a, b), relu);
  if constexpr (op == FloatOp::sub) return finish_float(Vec::sub(a, b), false);
  // Comparisons hand an invalid operand on.
  const Vec::F picked = op == FloatOp::max ? Vec::max(a, b) : Vec::min(a, b);
  return finish_float(invalid_if_greater(Vec::max(magnitude(a), magnitude(b)), 0x7F7FFFFF, picked), false);
}

template <FloatOp op>
void float_loop(const FloatOpJob& given) {
  const FloatOpJob job = given;  // a copy of our own: no store can reach it
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
