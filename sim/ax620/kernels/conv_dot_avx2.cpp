#include <immintrin.h>

#include <cstring>

#include "sim/ax620/kernels/conv_dot.h"

namespace vnpu::ax620 {
namespace {

// Products of bytes and signed bytes do not fit 16 bits in pairs, so both are widened: two sums a channel, added at the
// end.
template <std::size_t Pixels>
void tile(const Windows& windows, const PackedFilter& filter, std::size_t y, std::size_t x, std::size_t block,
          std::int32_t* out) {
  for (std::size_t half = 0; half < 2; ++half) {  // 8 channels each
    __m256i low[Pixels], high[Pixels];
    for (std::size_t p = 0; p < Pixels; ++p) low[p] = high[p] = _mm256_setzero_si256();
    for (std::size_t row = 0; row < filter.rows; ++row) {
      const auto* in = windows.input + (y * windows.line_step + row) * windows.row_stride + x * windows.pixel_step;
      const auto* weights = filter.values.data() + (block * filter.rows + row) * filter.groups * 64 + half * 32;
      for (std::size_t group = 0; group < filter.groups; ++group) {
        const auto* at = weights + group * 64;
        const __m256i weight_low = _mm256_cvtepi8_epi16(_mm_loadu_si128(reinterpret_cast<const __m128i*>(at)));
        const __m256i weight_high = _mm256_cvtepi8_epi16(_mm_loadu_si128(reinterpret_cast<const __m128i*>(at + 16)));
        for (std::size_t p = 0; p < Pixels; ++p) {
          std::int32_t four;
          std::memcpy(&four, in + p * windows.pixel_step + group * 4, 4);
          const __m256i bytes = _mm256_cvtepu8_epi16(_mm_set1_epi32(four));
          low[p] = _mm256_add_epi32(low[p], _mm256_madd_epi16(bytes, weight_low));
          high[p] = _mm256_add_epi32(high[p], _mm256_madd_epi16(bytes, weight_high));
        }
      }
    }
    for (std::size_t p = 0; p < Pixels; ++p) {
      // hadd works in halves of the register: channels 0 1 4 5 | 2 3 6 7.
      const __m256i sums = _mm256_permute4x64_epi64(_mm256_hadd_epi32(low[p], high[p]), 0xD8);
      _mm256_storeu_si256(
          reinterpret_cast<__m256i*>(out + (y * windows.width + x + p) * filter.blocks * 16 + block * 16 + half * 8),
          sums);
    }
  }
}

}  // namespace

void dot_avx2(const Windows& windows, const PackedFilter& filter, std::int32_t* out) {
  for (std::size_t block = 0; block < filter.blocks; ++block) {
    for (std::size_t y = 0; y < windows.height; ++y) {
      std::size_t x = 0;
      for (; x + 6 <= windows.width; x += 6) tile<6>(windows, filter, y, x, block, out);
      for (; x + 2 <= windows.width; x += 2) tile<2>(windows, filter, y, x, block, out);
      for (; x < windows.width; ++x) tile<1>(windows, filter, y, x, block, out);
    }
  }
}

}  // namespace vnpu::ax620
