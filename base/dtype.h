// Element types of tensors, bf16 and f16.
#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>
#include <string_view>

namespace vnpu {

enum class DType : std::uint8_t { f32, i32, u32, bf16, i16, u16, i8, u8, f64, i64, u64, f16, boolean };

std::size_t size_of(DType dtype);    // bytes of one element
std::string_view name(DType dtype);  // "f32", "bf16", "i8", ...

// bf16 is the upper half of an f32.
inline float bf16_to_float(std::uint16_t bits) { return std::bit_cast<float>(static_cast<std::uint32_t>(bits) << 16); }
inline std::uint16_t float_to_bf16_truncated(float value) {
  return static_cast<std::uint16_t>(std::bit_cast<std::uint32_t>(value) >> 16);
}

// Nearest even; what is too large is infinite, NaN gives sign | 0x7FFF.
inline std::uint16_t float_to_f16(float value) {
  const auto bits = std::bit_cast<std::uint32_t>(value);
  const auto sign = static_cast<std::uint16_t>(bits >> 16 & 0x8000);
  const std::uint32_t magnitude = bits & 0x7FFFFFFF;
  if (magnitude > 0x7F800000) return sign | 0x7FFF;
  if (magnitude >= 0x47800000) return sign | 0x7C00;
  if (magnitude >= 0x38800000) {  // a carry out of the largest finite number gives infinity
    const std::uint32_t rounded = magnitude - (112u << 23) + 0xFFF + (magnitude >> 13 & 1);
    return static_cast<std::uint16_t>(sign | rounded >> 13);
  }
  if (magnitude < 0x33000000) return sign;  // below half of the smallest subnormal
  const std::uint32_t significand = (magnitude & 0x7FFFFF) | 0x800000;
  const unsigned shift = 126 - (magnitude >> 23);  // 14 .. 24
  const std::uint32_t quotient = significand >> shift;
  const std::uint32_t rest = significand & ((1u << shift) - 1);
  const std::uint32_t half = 1u << (shift - 1);
  return static_cast<std::uint16_t>(sign | (quotient + (rest > half || (rest == half && (quotient & 1)))));
}

}  // namespace vnpu
