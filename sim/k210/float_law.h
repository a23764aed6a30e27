// Single steps of the CPU layers that more than one of them takes.
#pragma once

#include <cmath>
#include <cstdint>

#include "sim/k210/quirks.h"

namespace vnpu::k210 {

// A float as a byte: cut to an integer (callers round before), limited to 0..255. Beyond 32-bit integers the desktop's
// conversion gives the least one.
inline std::uint8_t to_byte(float value, const Quirks& quirks) {
  const bool outside = !(value > -2147483904.0f && value < 2147483648.0f);
  if (outside) return quirks.huge_float_is_least_integer || value < 0 ? 0 : 255;
  const auto integer = static_cast<std::int32_t>(value);
  return static_cast<std::uint8_t>(integer < 0 ? 0 : integer > 255 ? 255 : integer);
}

// a * b + c as the simulator or the board computes it.
inline float multiply_add(float a, float b, float c, const Quirks& quirks) {
  return quirks.products_rounded ? a * b + c : std::fma(a, b, c);
}

// Index of the input row or column that nearest-neighbour resizing takes.
inline std::uint32_t nearest(std::uint32_t at, std::uint32_t in, std::uint32_t out) {
  const float scale = static_cast<float>(in) / static_cast<float>(out);
  const float from = std::floor(static_cast<float>(at) * scale);
  const float last = static_cast<float>(in - 1);
  return static_cast<std::uint32_t>(from < last ? from : last);
}

}  // namespace vnpu::k210
