// The inner sums of a convolution: bytes against signed weights, for all output channels of a pixel.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "sim/core/simd.h"

namespace vnpu::ax620 {

// Channels in blocks of 16: [block][row][group of 4 bytes][16 channels][4], zero behind a row's end.
struct PackedFilter {
  std::size_t blocks = 0, rows = 0, groups = 0;
  std::vector<std::int8_t> values;
};

PackedFilter pack_filter(const std::vector<std::int8_t>& values, std::size_t channels, std::size_t rows,
                         std::size_t row_bytes);

// Where the windows lie: output (y, x) reads row r from input + (y * line_step + r) * row_stride + x * pixel_step. Four
// bytes behind the last row must be readable.
struct Windows {
  const std::uint8_t* input = nullptr;
  std::size_t height = 0, width = 0;  // of the output
  std::size_t line_step = 1, row_stride = 0, pixel_step = 0;
};

// out[y][x][blocks * 16] = sum of input byte * weight; exact in 32 bits (the caller bounds the window).
void dot_avx2(const Windows& windows, const PackedFilter& filter, std::int32_t* out);
void dot_avx512(const Windows& windows, const PackedFilter& filter, std::int32_t* out);

}  // namespace vnpu::ax620
