// The arithmetic every TIU command shares: shifts, saturation, quantised down multiply, bf16 and fp32 rules.
// docs/arithmetic_cv18xx.md says it in words.
#pragma once

#include <bit>
#include <cfenv>
#include <cstdint>

#include "sim/cv18xx/quirks.h"

namespace vnpu::cv18xx {

// ---- integers ----

// v / 2^shift, shift 0..63: rounded half up, or toward minus infinity.
inline std::int64_t rshift(std::int64_t v, unsigned shift, bool round) {
  if (shift == 0) return v;
  return round ? ((v >> (shift - 1)) + 1) >> 1 : v >> shift;
}

inline std::int64_t clamp(std::int64_t v, std::int64_t low, std::int64_t high) {
  return v < low ? low : v > high ? high : v;
}
inline std::int32_t sat8(std::int64_t v, bool is_signed) {
  return static_cast<std::int32_t>(is_signed ? clamp(v, -128, 127) : clamp(v, 0, 255));
}
inline std::int32_t sat16(std::int64_t v, bool is_signed) {
  return static_cast<std::int32_t>(is_signed ? clamp(v, -32768, 32767) : clamp(v, 0, 65535));
}

// Sums of 32 bits wrap.
inline std::int32_t wrap_add(std::int32_t a, std::int32_t b) {
  return static_cast<std::int32_t>(static_cast<std::uint32_t>(a) + static_cast<std::uint32_t>(b));
}

// Quantised down multiply: x * multiplier (signed) / 2^31, rounded to nearest (ties up), then / 2^shift, rounded to
// nearest (ties away from zero). `shift_code` is a signed 6-bit number (bits 6 and 7 are ignored); negative = left.
std::int32_t qdm(std::int32_t x, std::uint32_t multiplier, std::uint32_t shift_code, const Quirks& quirks);

// ---- fp32, inside a RoundTowardZero scope ----

// While it lives the thread's float operations round toward zero and keep subnormals. The float work itself must stand
// in a function of its own that is not inlined into the scope, or the compiler might move it across the borders.
class RoundTowardZero {
 public:
  RoundTowardZero() {
    std::fegetenv(&saved_);
    std::fesetenv(FE_DFL_ENV);
    std::fesetround(FE_TOWARDZERO);
  }
  ~RoundTowardZero() { std::fesetenv(&saved_); }
  RoundTowardZero(const RoundTowardZero&) = delete;
  RoundTowardZero& operator=(const RoundTowardZero&) = delete;

 private:
  std::fenv_t saved_;
};

inline constexpr std::uint32_t fp32_max = 0x7F7FFFFF;  // bits of the largest finite number
inline constexpr std::uint32_t fp32_min_normal = 0x00800000;

// "Invalid": what overflow, Inf and NaN become. It is a NaN, so it survives every later sum and product; its sign is
// that of the value that overflowed first (seen only without quirk bf16_overflow_positive).
inline float invalid(bool negative) { return std::bit_cast<float>(negative ? 0xFFC00000u : 0x7FC00000u); }
inline bool is_negative(float v) { return std::bit_cast<std::uint32_t>(v) >> 31 != 0; }
inline std::uint32_t magnitude_bits(float v) { return std::bit_cast<std::uint32_t>(v) & 0x7FFFFFFF; }
inline bool is_nan(float v) { return magnitude_bits(v) > 0x7F800000; }

// a + b rounded toward zero; subnormal -> 0; magnitude of FLT_MAX or more -> invalid.
inline float fp32_add(float a, float b) {
  const float sum = a + b;
  const std::uint32_t m = magnitude_bits(sum);
  if (m < fp32_min_normal) return 0.0f;
  if (m < fp32_max) return sum;
  return is_nan(a) ? a : is_nan(b) ? b : invalid(is_negative(sum));
}

// a * b of two bf16 numbers (exact in fp32); below 2^-126 -> 0; 2^128 or more -> invalid.
inline float fp32_multiply(float a, float b) {
  const float product = a * b;
  const std::uint32_t m = magnitude_bits(product);
  if (m < fp32_min_normal) return 0.0f;
  if (m < fp32_max) return product;
  return invalid(is_negative(a) != is_negative(b));
}

// One step of a sum of products: x and w are operands of 8 bits or bf16.
inline std::int32_t multiply_add(std::int32_t acc, std::int32_t x, std::int32_t w) { return wrap_add(acc, x * w); }
inline float multiply_add(float acc, float x, float w) { return fp32_add(acc, fp32_multiply(x, w)); }

// ---- bf16 and fp32 in memory ----

// An operand: subnormals and zeros -> +0; Inf and NaN -> invalid.
inline float load_bf16(std::uint16_t bits) {
  const std::uint32_t exponent = bits >> 7 & 0xFF;
  if (exponent == 0) return 0.0f;
  if (exponent == 0xFF) return invalid(bits >> 15);
  return std::bit_cast<float>(std::uint32_t{bits} << 16);
}

// A bias, a partial sum of matrix multiply, the addend of mac: subnormals are kept; Inf and NaN -> invalid.
inline float load_fp32(std::uint32_t bits) {
  if ((bits >> 23 & 0xFF) == 0xFF) return invalid(bits >> 31);
  return std::bit_cast<float>(bits);
}

// A partial sum of convolution: subnormals -> 0; Inf and NaN -> the finite +FLT_MAX (quirk).
inline float load_conv_partial_sum(std::uint32_t bits, const Quirks& quirks) {
  if (!quirks.conv_psum_flushes_subnormals) return load_fp32(bits);
  const std::uint32_t exponent = bits >> 23 & 0xFF;
  if (exponent == 0) return 0.0f;
  return std::bit_cast<float>(exponent == 0xFF ? fp32_max : bits);
}

// The final conversion: nearest even on the upper 16 bits; no subnormals, no negative zero; what would round to Inf,
// and invalid, becomes +0x7F7F (without quirk bf16_overflow_positive: of its own sign).
inline std::uint16_t store_bf16(float v, const Quirks& quirks) {
  const std::uint32_t bits = std::bit_cast<std::uint32_t>(v);
  const std::uint32_t rounded = is_nan(v) ? 0xFFFF0000 : bits + 0x7FFF + (bits >> 16 & 1);
  const std::uint32_t exponent = rounded >> 23 & 0xFF;
  if (exponent == 0) return 0;
  if (exponent == 0xFF) return !quirks.bf16_overflow_positive && is_negative(v) ? 0xFF7F : 0x7F7F;
  return static_cast<std::uint16_t>(rounded >> 16);
}

// A partial sum on its way to memory: no subnormals; invalid and +-FLT_MAX -> +FLT_MAX.
inline std::uint32_t store_fp32(float v, const Quirks& quirks) {
  const std::uint32_t m = magnitude_bits(v);
  if (m < fp32_min_normal) return 0;
  if (m >= fp32_max) return !quirks.bf16_overflow_positive && is_negative(v) ? fp32_max | 0x80000000 : fp32_max;
  return std::bit_cast<std::uint32_t>(v);
}

// Relu on a stored bf16.
inline std::uint16_t relu_bf16(std::uint16_t bits) { return bits >> 15 ? 0 : bits; }

}  // namespace vnpu::cv18xx
