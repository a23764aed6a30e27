#include "devices/programs/jpeg_transform.h"

#include <algorithm>
#include <array>

namespace vnpu::programs {
namespace {

constexpr int coefficient_bits = 13, extra_bits = 2;

// Rows: samples of the upper half; even columns are symmetric about the middle, odd ones change sign.
using Row = std::array<std::int32_t, 8>;
constexpr std::array<Row, 4> of_8{{{8192, 11363, 10703, 9633, 8192, 6437, 4433, 2260},
                                   {8192, 9633, 4433, -2259, -8192, -11362, -10704, -6436},
                                   {8192, 6437, -4433, -11362, -8192, 2261, 10704, 9633},
                                   {8192, 2260, -10703, -6436, 8192, 9633, -4433, -11363}}};
constexpr std::array<Row, 8> inverse_of_16{{{8192, 11529, 11363, 11086, 10703, 10217, 9632, 8956},
                                            {8192, 11086, 9633, 7350, 4433, 1136, -2260, -5461},
                                            {8192, 10217, 6437, 1136, -4433, -8955, -11363, -11086},
                                            {8192, 8956, 2260, -5461, -10703, -11086, -6436, 1137},
                                            {8192, 7350, -2260, -10217, -10703, -3363, 6436, 11529},
                                            {8192, 5461, -6437, -11529, -4433, 7349, 11363, 3363},
                                            {8192, 3363, -9633, -8955, 4433, 11529, 2260, -10217},
                                            {8192, 1136, -11363, -3363, 10703, 5461, -9632, -7350}}};
constexpr std::array<Row, 8> forward_of_16{{{8192, 11529, 11363, 11086, 10703, 10217, 9633, 8956},
                                            {8192, 11086, 9633, 7350, 4433, 1136, -2260, -5461},
                                            {8192, 10217, 6436, 1136, -4433, -8955, -11363, -11086},
                                            {8192, 8956, 2260, -5461, -10703, -11086, -6437, 1137},
                                            {8192, 7350, -2260, -10217, -10703, -3363, 6437, 11530},
                                            {8192, 5461, -6436, -11529, -4433, 7350, 11363, 3363},
                                            {8192, 3363, -9633, -8956, 4433, 11529, 2260, -10217},
                                            {8192, 1135, -11363, -3363, 10703, 5461, -9633, -7350}}};

std::int64_t descale(std::int64_t sum, int bits) { return (sum + (std::int64_t{1} << (bits - 1))) >> bits; }

// One line of 8 coefficients to `n` sums.
void inverse_line(const std::int64_t* in, std::size_t n, std::int64_t* out) {
  const Row* rows = n == 8 ? of_8.data() : inverse_of_16.data();
  for (std::size_t x = 0; x < n / 2; ++x) {
    std::int64_t even = 0, odd = 0;
    for (std::size_t k = 0; k < 8; k += 2) {
      even += in[k] * rows[x][k];
      odd += in[k + 1] * rows[x][k + 1];
    }
    out[x] = even + odd;
    out[n - 1 - x] = even - odd;
  }
}

// One line of `n` samples to 8 sums.
void forward_line(const std::int64_t* in, std::size_t n, std::int64_t* out) {
  const Row* rows = n == 8 ? of_8.data() : forward_of_16.data();
  std::fill_n(out, 8, 0);
  for (std::size_t x = 0; x < n / 2; ++x) {
    const std::int64_t sum = in[x] + in[n - 1 - x], difference = in[x] - in[n - 1 - x];
    for (std::size_t k = 0; k < 8; k += 2) {
      out[k] += sum * rows[x][k];
      out[k + 1] += difference * rows[x][k + 1];
    }
  }
}

// The library looks the sample up in a table by its low ten bits, so far too large values wrap before they are clamped.
std::uint8_t to_sample(std::int64_t value) {
  const std::int64_t wrapped = ((value + 512) & 1023) - 512;
  return static_cast<std::uint8_t>(std::clamp<std::int64_t>(wrapped + 128, 0, 255));
}

}  // namespace

void inverse_block(const std::int64_t* coefficients, std::size_t rows, std::size_t columns, std::uint8_t* out,
                   std::size_t stride) {
  std::array<std::int64_t, 16 * 8> work;
  std::array<std::int64_t, 8> line;
  std::array<std::int64_t, 16> sums;
  for (std::size_t x = 0; x < 8; ++x) {
    for (std::size_t k = 0; k < 8; ++k) line[k] = coefficients[k * 8 + x];
    inverse_line(line.data(), rows, sums.data());
    for (std::size_t y = 0; y < rows; ++y)
      work[y * 8 + x] = static_cast<std::int32_t>(descale(sums[y], coefficient_bits - extra_bits));
  }
  for (std::size_t y = 0; y < rows; ++y) {
    inverse_line(&work[y * 8], columns, sums.data());
    for (std::size_t x = 0; x < columns; ++x)
      out[y * stride + x] = to_sample(descale(sums[x], coefficient_bits + extra_bits + 3));
  }
}

void forward_block(const std::uint8_t* samples, std::size_t stride, std::size_t side, std::int32_t* out) {
  std::array<std::int64_t, 16 * 8> work;
  std::array<std::int64_t, 16> line;
  std::array<std::int64_t, 8> sums;
  for (std::size_t y = 0; y < side; ++y) {
    for (std::size_t x = 0; x < side; ++x) line[x] = samples[y * stride + x] - 128;
    forward_line(line.data(), side, sums.data());
    for (std::size_t k = 0; k < 8; ++k) work[y * 8 + k] = descale(sums[k], coefficient_bits - extra_bits);
  }
  // A block of 16 x 16 has four times the samples.
  const int bits = coefficient_bits + extra_bits + (side == 16 ? 2 : 0);
  for (std::size_t k = 0; k < 8; ++k) {
    for (std::size_t y = 0; y < side; ++y) line[y] = work[y * 8 + k];
    forward_line(line.data(), side, sums.data());
    for (std::size_t v = 0; v < 8; ++v) out[v * 8 + k] = static_cast<std::int32_t>(descale(sums[v], bits));
  }
}

}  // namespace vnpu::programs
