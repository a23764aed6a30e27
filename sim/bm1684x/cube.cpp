#include "sim/bm1684x/cube.h"

#include <algorithm>

namespace vnpu::bm1684x {
namespace {

// With an infinity or a NaN among the products.
float special_sum(std::span<const float> products) {
  bool plus = false, minus = false, nan = false;
  for (const float p : products) {
    if (is_nan(p)) nan = true;
    if (as_bits(p) == f32_infinity) plus = true;
    if (as_bits(p) == (f32_sign | f32_infinity)) minus = true;
  }
  if (plus != minus) return as_float(plus ? f32_infinity : f32_sign | f32_infinity);
  (void)nan;
  return as_float(f32_default_nan);
}

// sum * 2^(exponent - 24 - 127), rounded to nearest even.
float rounded(std::int32_t sum, int exponent) {
  if (sum == 0) return 0.0f;
  const std::uint32_t sign = sum < 0 ? f32_sign : 0;
  std::uint32_t magnitude = static_cast<std::uint32_t>(sum < 0 ? -sum : sum);
  const int top = std::bit_width(magnitude) - 1;
  exponent += top - 24;
  if (top <= 23) {
    magnitude <<= 23 - top;
  } else {
    const int shift = top - 23;
    const std::uint32_t rest = magnitude & ((1u << shift) - 1), half = 1u << (shift - 1);
    magnitude >>= shift;
    magnitude += rest > half || (rest == half && (magnitude & 1));
    if (magnitude >> 24) magnitude >>= 1, ++exponent;
  }
  if (exponent <= 0) return as_float(sign);
  if (exponent > 254) return as_float(sign | f32_infinity);
  return as_float(sign | static_cast<std::uint32_t>(exponent) << 23 | (magnitude & 0x7FFFFF));
}

}  // namespace

float cube_sum(std::span<const float> products) {
  int largest = 0;
  for (const float p : products) largest = std::max(largest, static_cast<int>(as_bits(p) >> 23 & 0xFF));
  if (largest == 0xFF) return special_sum(products);
  std::int32_t sum = 0;
  for (const float p : products) {
    const std::uint32_t bits = as_bits(p);
    const int exponent = static_cast<int>(bits >> 23 & 0xFF);
    if (exponent == 0 || largest - exponent > 25) continue;
    const auto aligned = static_cast<std::int32_t>(((bits & 0x7FFFFF) << 1 | 1u << 24) >> (largest - exponent));
    sum += bits >> 31 ? -aligned : aligned;
  }
  return rounded(sum, largest);
}

}  // namespace vnpu::bm1684x
