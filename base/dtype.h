// Element types of tensors, and bf16.
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

}  // namespace vnpu
