#include <immintrin.h>

#include <cstring>

#include "sim/ax620/kernels/conv_dot.h"

namespace vnpu::ax620 {
namespace {

// Pixels x blocks of 16 channels in registers.
template <std::size_t Pixels, std::size_t Blocks>
void tile(const Windows& windows, const PackedFilter& filter, std::size_t y, std::size_t x, std::size_t block,
          std::int32_t* out) {
  __m512i sums[Pixels][Blocks];
  for (auto& row : sums) {
    for (auto& sum : row) sum = _mm512_setzero_si512();
  }
  const std::size_t block_bytes = filter.rows * filter.groups * 64;
  for (std::size_t row = 0; row < filter.rows; ++row) {
    const auto* in = windows.input + (y * windows.line_step + row) * windows.row_stride + x * windows.pixel_step;
    const auto* weights = filter.values.data() + block * block_bytes + row * filter.groups * 64;
    for (std::size_t group = 0; group < filter.groups; ++group) {
      __m512i weight[Blocks];
      for (std::size_t b = 0; b < Blocks; ++b) {
        weight[b] = _mm512_loadu_si512(weights + b * block_bytes + group * 64);
      }
      for (std::size_t p = 0; p < Pixels; ++p) {
        std::int32_t four;
        std::memcpy(&four, in + p * windows.pixel_step + group * 4, 4);
        const __m512i bytes = _mm512_set1_epi32(four);
        for (std::size_t b = 0; b < Blocks; ++b) sums[p][b] = _mm512_dpbusd_epi32(sums[p][b], bytes, weight[b]);
      }
    }
  }
  const std::size_t channels = filter.blocks * 16;
  for (std::size_t p = 0; p < Pixels; ++p) {
    for (std::size_t b = 0; b < Blocks; ++b) {
      _mm512_storeu_si512(out + (y * windows.width + x + p) * channels + (block + b) * 16, sums[p][b]);
    }
  }
}

template <std::size_t Blocks>
void rows(const Windows& windows, const PackedFilter& filter, std::size_t block, std::int32_t* out) {
  for (std::size_t y = 0; y < windows.height; ++y) {
    std::size_t x = 0;
    for (; x + 8 <= windows.width; x += 8) tile<8, Blocks>(windows, filter, y, x, block, out);
    for (; x + 2 <= windows.width; x += 2) tile<2, Blocks>(windows, filter, y, x, block, out);
    for (; x < windows.width; ++x) tile<1, Blocks>(windows, filter, y, x, block, out);
  }
}

}  // namespace

void dot_avx512(const Windows& windows, const PackedFilter& filter, std::int32_t* out) {
  std::size_t block = 0;
  for (; block + 2 <= filter.blocks; block += 2) rows<2>(windows, filter, block, out);
  if (block < filter.blocks) rows<1>(windows, filter, block, out);
}

}  // namespace vnpu::ax620
