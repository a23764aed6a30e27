// From the sums of a convolution to the numbers it writes: scale, maximum over a window, table, store.
#pragma once

#include <cstddef>
#include <cstdint>

#include "sim/ax620/arithmetic.h"

namespace vnpu::ax620 {

struct Finish {
  std::size_t channels = 0;  // that are written, of
  std::size_t stride = 0;    // sums a pixel
  std::size_t width = 0;     // pixels a line of sums
  std::size_t line_pool = 1, pixel_pool = 1;
  int bits = 8;                          // of what is written: 8, 16, 32 (float)
  const std::int32_t* totals = nullptr;  // by channel: the sum of its weights
  const float *scales = nullptr, *biases = nullptr;
  Table table;  // empty: none
};

// The law. `sums`: lines * line_pool lines of weight * byte; `out`: lines * pixels * channels numbers.
void finish(const Finish& plan, const Quirks& quirks, const std::int32_t* sums, std::size_t lines, std::size_t pixels,
            std::uint8_t* out);
// The same by the default rules.
void finish_avx2(const Finish& plan, const std::int32_t* sums, std::size_t lines, std::size_t pixels,
                 std::uint8_t* out);
void finish_avx512(const Finish& plan, const std::int32_t* sums, std::size_t lines, std::size_t pixels,
                   std::uint8_t* out);

}  // namespace vnpu::ax620
