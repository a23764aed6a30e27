// Conversions of the TDMA between int8 and bf16, in integer arithmetic: they do not depend on the rounding mode of the
// CPU.
#pragma once

#include <algorithm>
#include <bit>
#include <cstdint>

#include "base/dtype.h"

namespace vnpu::cv18xx {

// Exact: eight bits fit the significand.
inline std::uint16_t int8_to_bf16(std::uint8_t value, bool is_signed) {
  const float number = is_signed ? static_cast<float>(static_cast<std::int8_t>(value)) : static_cast<float>(value);
  return float_to_bf16_truncated(number);
}

// Half to even or toward zero, then clamped; Inf and NaN clamp by their sign, subnormals give 0.
inline std::uint8_t bf16_to_int8(std::uint16_t bits, bool is_signed, bool toward_zero) {
  const bool negative = bits >> 15;
  const int exponent = bits >> 7 & 0xFF;
  const std::uint32_t significand = 0x80u | (bits & 0x7Fu);
  std::uint32_t magnitude = 0;
  const int shift = 127 + 7 - exponent;  // value = significand * 2^-shift
  if (shift <= -2) {
    magnitude = 0x200;  // 512 and more, Inf, NaN: beyond every clamp
  } else if (shift <= 0) {
    magnitude = significand << -shift;
  } else if (shift <= 8 && exponent != 0) {
    magnitude = significand >> shift;
    if (!toward_zero) {
      const auto rest = significand & ((1u << shift) - 1);
      const auto half = 1u << (shift - 1);
      if (rest > half || (rest == half && (magnitude & 1))) ++magnitude;
    }
  }
  const auto number = negative ? -static_cast<int>(magnitude) : static_cast<int>(magnitude);
  return static_cast<std::uint8_t>(is_signed ? std::clamp(number, -128, 127) : std::clamp(number, 0, 255));
}

inline bool is_bf16_nan(std::uint16_t bits) { return (bits & 0x7FFF) > 0x7F80; }

// The position of a value in a table over exponents, in both bytes; for subnormals the true exponent counts and for
// Inf exponent 0. A NaN has no index: the caller refuses it.
inline std::uint16_t bf16_to_lut_index(std::uint16_t bits) {
  const unsigned magnitude = bits & 0x7FFF;
  if (magnitude == 0) return 0;
  int exponent = static_cast<int>(magnitude >> 7) - 127;
  if (magnitude == 0x7F80) {
    exponent = 0;
  } else if (magnitude < 0x80) {
    exponent = -134 + static_cast<int>(std::bit_width(magnitude));  // the lowest bit is 2^-133
  }
  const auto index = static_cast<std::uint8_t>(exponent + 63 + (bits >> 15 ? 128 : 0));
  return static_cast<std::uint16_t>(index * 0x0101);
}

// Sign and exponent without the mantissa.
inline std::uint16_t bf16_to_lut_base(std::uint16_t bits) { return bits & 0xFF80; }

}  // namespace vnpu::cv18xx
