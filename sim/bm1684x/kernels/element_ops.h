// Loops over short lists of numbers: what the element-wise kernels are made of. A level compiles element_ops.inl for
// its instruction set. Lists do not overlap unless they are the same.
#pragma once

#include <cstddef>
#include <cstdint>

#include "sim/core/simd.h"

namespace vnpu::bm1684x::kernels {

inline constexpr std::size_t list_size = 256;  // numbers a list has room for

enum class Combine : std::uint8_t { add, subtract, multiply, maximum, minimum };

// What RQ does to 32-bit numbers: times `factor`, right by `right` (1..63) rounded by a mode of Rounding, plus
// `addend`, limited.
struct Requantization {
  std::int64_t factor;
  int right;
  unsigned mode;
  std::int64_t addend, low, high;
};

struct ElementOps {
  // Integers of 1, 2 or 4 bytes.
  void (*load_integers)(std::int64_t* to, const std::uint8_t* from, unsigned bytes, bool is_signed, std::size_t count);
  void (*store_integers)(std::uint8_t* to, const std::int64_t* from, unsigned bytes, std::size_t count);  // low bytes
  void (*clamp)(std::int64_t* values, std::int64_t low, std::int64_t high, std::size_t count);
  void (*combine_integers)(std::int64_t* a, const std::int64_t* b, Combine how, std::size_t count);
  void (*multiply_add)(std::int64_t* values, std::int64_t factor, std::int64_t addend, std::size_t count);
  // amount > 0: left; < 0: right, rounded by a mode of Rounding.
  void (*shift)(std::int64_t* values, int amount, unsigned mode, std::size_t count);

  // Signed words: a + b, saturated; b may be one word for all.
  void (*add_words)(std::uint8_t* to, const std::uint8_t* a, const std::uint8_t* b, bool repeated, std::size_t count);
  // Signed words to bytes.
  void (*requantize)(std::uint8_t* to, const std::uint8_t* from, const Requantization& how, std::size_t count);

  // f32; subnormals flushed by the CPU. Returns whether the law must decide: a NaN, or (with `exact_zero`) a result
  // that is zero and would not be of real numbers.
  bool (*combine_floats)(float* a, const float* b, Combine how, bool exact_zero, std::size_t count);
  void (*to_floats)(float* to, const std::int64_t* from, std::size_t count);  // numbers below 2^24: exact
  // Rounded half to even and half away from zero; saturated; false when there is a NaN.
  bool (*to_integers)(std::int64_t* to, const float* from, bool half_away, std::size_t count);
  void (*flush)(float* values, std::size_t count);  // subnormals to zeros
  bool (*any_nan)(const float* values, std::size_t count);

  // A table of 256 bytes.
  void (*look_up)(std::uint8_t* to, const std::uint8_t* index, const std::uint8_t* table, std::size_t count);

  // Windows: `taps` rows of cells, each of `row` words of which `count` count.
  void (*widen_bytes)(std::int32_t* to, const std::uint8_t* from, bool is_signed, std::size_t count);
  void (*add_taps)(std::int32_t* sums, const std::int32_t* cells, const std::int32_t* weights, std::size_t taps,
                   std::size_t row, std::size_t count);
  void (*most_of_taps)(std::int32_t* most, const std::int32_t* cells, std::size_t taps, std::size_t row,
                       std::size_t count);
  // most > v ? most : v; returns whether there is a NaN.
  bool (*most_of_float_taps)(float* most, const float* cells, std::size_t taps, std::size_t row, std::size_t count);
  // f16: product and sum rounded, in turn to `first` and `second`; the two sums' sum into `first`. True: a NaN.
  bool (*add_f16_taps)(float* first, float* second, const float* cells, const float* weights, std::size_t taps,
                       std::size_t row, std::size_t count, bool second_first);
};

extern const ElementOps elements_avx2, elements_avx512;
const ElementOps* element_ops(SimdLevel level);  // null for the scalar level

}  // namespace vnpu::bm1684x::kernels
