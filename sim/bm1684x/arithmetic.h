// Integer arithmetic of the TIU: the seven rounding modes, shifts, saturation.
#pragma once

#include <cstdint>

#include "sim/bm1684x/formats.h"

namespace vnpu::bm1684x {

enum class Rounding : std::uint8_t {
  half_even,
  half_away,  // from zero
  toward_zero,
  down,
  up,
  half_up,
  half_down,
};

// x / 2^shift; 0 < shift is capped at 63, shift 0 gives x.
inline std::int64_t shift_right(std::int64_t x, unsigned shift, Rounding mode) {
  if (shift == 0) return x;
  if (shift > 63) shift = 63;
  const std::int64_t quotient = x >> shift;
  const std::uint64_t rest = static_cast<std::uint64_t>(x) & ((std::uint64_t{1} << shift) - 1);
  const std::uint64_t half = std::uint64_t{1} << (shift - 1);
  switch (mode) {
    case Rounding::half_even: return rest == half ? (quotient + 1) & ~std::int64_t{1} : quotient + (rest > half);
    case Rounding::half_away: return x < 0 ? quotient + (rest > half) : quotient + (rest >= half);
    case Rounding::toward_zero: return x < 0 ? quotient + (rest > 0) : quotient;
    case Rounding::down: return quotient;
    case Rounding::up: return quotient + (rest > 0);
    case Rounding::half_up: return quotient + (rest >= half);
    case Rounding::half_down: return quotient + (rest > half);
  }
  return quotient;
}

// The same of an unsigned number.
inline std::uint64_t shift_right_unsigned(std::uint64_t x, unsigned shift, Rounding mode) {
  if (shift == 0) return x;
  if (shift > 63) shift = 63;
  const std::uint64_t quotient = x >> shift;
  const std::uint64_t rest = x & ((std::uint64_t{1} << shift) - 1);
  const std::uint64_t half = std::uint64_t{1} << (shift - 1);
  switch (mode) {
    case Rounding::half_even: return rest == half ? (quotient + 1) & ~std::uint64_t{1} : quotient + (rest > half);
    case Rounding::half_away:
    case Rounding::half_up: return quotient + (rest >= half);
    case Rounding::toward_zero:
    case Rounding::down: return quotient;
    case Rounding::up: return quotient + (rest > 0);
    case Rounding::half_down: return quotient + (rest > half);
  }
  return quotient;
}

// amount > 0: left, wrapping at 64 bits; amount < 0: right with rounding.
inline std::int64_t shift(std::int64_t x, int amount, Rounding mode) {
  if (amount < 0) return shift_right(x, static_cast<unsigned>(-amount), mode);
  return amount > 63 ? 0 : static_cast<std::int64_t>(static_cast<std::uint64_t>(x) << amount);
}

// To `bits` (8, 16, 32) bits, signed or unsigned.
inline std::int64_t saturate(std::int64_t v, unsigned bits, bool is_signed) {
  const std::int64_t high = (std::int64_t{1} << (is_signed ? bits - 1 : bits)) - 1;
  const std::int64_t low = is_signed ? -high - 1 : 0;
  return v < low ? low : v > high ? high : v;
}

// The low `bits` of a word as a number.
inline std::int64_t extend(std::uint32_t word, unsigned bits, bool is_signed) {
  const std::uint64_t mask = (std::uint64_t{1} << bits) - 1;
  const std::uint64_t low = word & mask;
  if (is_signed && (low >> (bits - 1))) return static_cast<std::int64_t>(low | ~mask);
  return static_cast<std::int64_t>(low);
}

// f32 -> integer of `bits` bits; subnormals are zero, NaN -> 0, beyond the range and infinity saturate.
inline std::int64_t float_to_integer(std::uint32_t f32, unsigned bits, bool is_signed, Rounding mode) {
  if (is_nan(f32)) return 0;
  const int exponent = static_cast<int>(f32 >> 23 & 0xFF);
  if (exponent == 0) return 0;
  const bool negative = f32 >> 31;
  std::int64_t significand = (f32 & 0x7FFFFF) | 0x800000;
  if (exponent > 127 + 36) return saturate(negative ? INT64_MIN : INT64_MAX, bits, is_signed);
  if (negative) significand = -significand;
  const int up = exponent - 150;
  const std::int64_t value =
      up >= 0 ? significand * (std::int64_t{1} << up) : shift_right(significand, static_cast<unsigned>(-up), mode);
  return saturate(value, bits, is_signed);
}

}  // namespace vnpu::bm1684x
