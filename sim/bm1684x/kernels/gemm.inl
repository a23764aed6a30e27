// The loops over Vec; included by the files of a level. Everything stands in an unnamed namespace: each level has its
// own copy.
#pragma once

#include "sim/bm1684x/kernels/gemm.h"

namespace vnpu::bm1684x::kernels {
namespace {

template <int rows, int columns, class Step>
void byte_tile(const Chunk& chunk, std::size_t row, std::size_t column, std::int32_t* sums) {
  constexpr std::size_t words = Step::weight_words;
  Vec::I acc[rows][columns];
  const std::int32_t* weights = chunk.weights + row * chunk.depth * words;
  for (int r = 0; r < rows; ++r) {
    for (int c = 0; c < columns; ++c) acc[r][c] = Vec::load(sums + (row + r) * block + column + c * Vec::width);
  }
  for (std::size_t k = 0; k < chunk.depth; ++k) {
    typename Step::Cell cells[columns];
    for (int c = 0; c < columns; ++c) cells[c] = Step::cell(chunk.cells + k * block + column + c * Vec::width);
    for (int r = 0; r < rows; ++r) {
      const std::int32_t* w = weights + (r * chunk.depth + k) * words;
      for (int c = 0; c < columns; ++c) acc[r][c] = Step::step(acc[r][c], cells[c], w);
    }
  }
  for (int r = 0; r < rows; ++r) {
    for (int c = 0; c < columns; ++c) Vec::store(sums + (row + r) * block + column + c * Vec::width, acc[r][c]);
  }
}

template <int columns, class Step>
void byte_columns(const Chunk& chunk, std::size_t column, std::int32_t* sums) {
  std::size_t row = 0;
  for (; row + Step::rows <= chunk.rows; row += Step::rows)
    byte_tile<Step::rows, columns, Step>(chunk, row, column, sums);
  for (; row < chunk.rows; ++row) byte_tile<1, columns, Step>(chunk, row, column, sums);
}

template <class Step>
void add_bytes(const Chunk& chunk, std::int32_t* sums) {
  std::size_t column = 0;
  for (; column + 2 * Vec::width < chunk.results; column += Step::columns * Vec::width) {
    byte_columns<Step::columns, Step>(chunk, column, sums);
  }
  for (; column < chunk.results; column += Vec::width) byte_columns<1, Step>(chunk, column, sums);
}

template <int rows, int columns>
void float_tile(const Chunk& chunk, std::size_t row, std::size_t column, float* first, float* second) {
  Vec::F a[rows][columns], b[rows][columns];
  const auto* cells = reinterpret_cast<const float*>(chunk.cells) + column;
  const auto* weights = reinterpret_cast<const float*>(chunk.weights) + row * chunk.depth;
  for (int r = 0; r < rows; ++r) {
    for (int c = 0; c < columns; ++c) {
      a[r][c] = Vec::load(first + (row + r) * block + column + c * Vec::width);
      b[r][c] = Vec::load(second + (row + r) * block + column + c * Vec::width);
    }
  }
  std::size_t k = 0;
  for (; k + 1 < chunk.depth; k += 2) {
    for (int c = 0; c < columns; ++c) {
      const Vec::F even = Vec::load(cells + k * block + c * Vec::width);
      const Vec::F odd = Vec::load(cells + (k + 1) * block + c * Vec::width);
      for (int r = 0; r < rows; ++r) {
        a[r][c] = Vec::add(a[r][c], Vec::multiply(even, Vec::all(weights[r * chunk.depth + k])));
        b[r][c] = Vec::add(b[r][c], Vec::multiply(odd, Vec::all(weights[r * chunk.depth + k + 1])));
      }
    }
  }
  if (k < chunk.depth) {
    for (int c = 0; c < columns; ++c) {
      const Vec::F even = Vec::load(cells + k * block + c * Vec::width);
      for (int r = 0; r < rows; ++r) {
        a[r][c] = Vec::add(a[r][c], Vec::multiply(even, Vec::all(weights[r * chunk.depth + k])));
      }
    }
  }
  for (int r = 0; r < rows; ++r) {
    for (int c = 0; c < columns; ++c) {
      Vec::store(first + (row + r) * block + column + c * Vec::width, a[r][c]);
      Vec::store(second + (row + r) * block + column + c * Vec::width, b[r][c]);
    }
  }
}

template <int columns>
void float_columns(const Chunk& chunk, std::size_t column, float* first, float* second) {
  constexpr int rows = Vec::float_rows;
  std::size_t row = 0;
  for (; row + rows <= chunk.rows; row += rows) float_tile<rows, columns>(chunk, row, column, first, second);
  for (; row < chunk.rows; ++row) float_tile<1, columns>(chunk, row, column, first, second);
}

void add_floats(const Chunk& chunk, float* first, float* second) {
  std::size_t column = 0;
  for (; column + Vec::width < chunk.results; column += 2 * Vec::width) float_columns<2>(chunk, column, first, second);
  for (; column < chunk.results; column += Vec::width) float_columns<1>(chunk, column, first, second);
}

// All products are aligned to the largest exponent E and cut to 25 bits: as floats, by a multiplication with 2^(24 - E)
// (exact) and a conversion that cuts. The integers' sum goes back the same way, rounded once by the conversion.
template <int columns, int depth>
bool cube_tile(const Chunk& chunk, std::size_t row, std::size_t column, float* sums) {
  const auto* cells = reinterpret_cast<const float*>(chunk.cells) + column;
  const auto* weights = reinterpret_cast<const float*>(chunk.weights) + row * chunk.depth;
  const std::size_t count = depth ? depth : chunk.depth;
  alignas(64) float products[32][columns * Vec::width];
  Vec::I largest[columns];
  for (int c = 0; c < columns; ++c) largest[c] = Vec::zero();
#pragma GCC unroll 8
  for (std::size_t k = 0; k < count; ++k) {
    const Vec::F weight = Vec::all(weights[k]);
    for (int c = 0; c < columns; ++c) {
      const Vec::F product = Vec::multiply(Vec::load(cells + k * block + c * Vec::width), weight);
      Vec::store(products[k] + c * Vec::width, product);
      largest[c] = Vec::maximum(largest[c], Vec::both(Vec::bits(product), Vec::all(0x7FFFFFFF)));
    }
  }
  Vec::F scale[columns], back[columns];
  Vec::I sum[columns];
  for (int c = 0; c < columns; ++c) {
    const Vec::I exponent = Vec::both(largest[c], Vec::all(0x7F800000));
    if (Vec::any_outside(exponent, 25 << 23, 0x7F000000)) return false;
    scale[c] = Vec::zero_where_zero(exponent, Vec::subtract(Vec::all(0x8B000000u), exponent));
    back[c] = Vec::zero_where_zero(exponent, Vec::subtract(exponent, Vec::all(24 << 23)));
    sum[c] = Vec::zero();
  }
#pragma GCC unroll 8
  for (std::size_t k = 0; k < count; ++k) {
    for (int c = 0; c < columns; ++c) {
      sum[c] = Vec::add(sum[c], Vec::cut(Vec::multiply(Vec::load(products[k] + c * Vec::width), scale[c])));
    }
  }
  for (int c = 0; c < columns; ++c) {
    float* to = sums + row * block + column + c * Vec::width;
    Vec::store(to, Vec::add(Vec::load(to), Vec::multiply(Vec::to_float(sum[c]), back[c])));
  }
  return true;
}

template <int columns>
bool cube_columns(const Chunk& chunk, std::size_t column, float* sums) {
  for (std::size_t row = 0; row < chunk.rows; ++row) {
    const bool done = chunk.depth == 32 ? cube_tile<columns, 32>(chunk, row, column, sums)
                                        : cube_tile<columns, 0>(chunk, row, column, sums);
    if (!done) return false;
  }
  return true;
}

bool add_cube(const Chunk& chunk, float* sums) {
  std::size_t column = 0;
  for (; column + Vec::width < chunk.results; column += 2 * Vec::width) {
    if (!cube_columns<2>(chunk, column, sums)) return false;
  }
  for (; column < chunk.results; column += Vec::width) {
    if (!cube_columns<1>(chunk, column, sums)) return false;
  }
  return true;
}

// The formats' laws but for the bits of NaNs.
void widen_f16(float* to, const std::uint8_t* from, std::size_t count) {
  std::size_t i = 0;
  for (; i + 8 <= count; i += 8) {
    const __m128i halves = _mm_loadu_si128(reinterpret_cast<const __m128i*>(from + 2 * i));
    _mm256_storeu_ps(to + i, _mm256_cvtph_ps(halves));
  }
  for (; i < count; ++i) to[i] = _cvtsh_ss(static_cast<std::uint16_t>(from[2 * i] | from[2 * i + 1] << 8));
}

void widen_bf16(float* to, const std::uint8_t* from, std::size_t count) {
  for (std::size_t i = 0; i < count; ++i) {
    std::memcpy(reinterpret_cast<char*>(to + i) + 2, from + 2 * i, 2);
    std::memset(to + i, 0, 2);
  }
}

void narrow_f16(std::uint8_t* to, const float* from, std::size_t count) {
  std::size_t i = 0;
  for (; i + 8 <= count; i += 8) {
    const __m128i halves = _mm256_cvtps_ph(_mm256_loadu_ps(from + i), _MM_FROUND_TO_NEAREST_INT);
    _mm_storeu_si128(reinterpret_cast<__m128i*>(to + 2 * i), halves);
  }
  for (; i < count; ++i) {
    const std::uint16_t half = _cvtss_sh(from[i], _MM_FROUND_TO_NEAREST_INT);
    std::memcpy(to + 2 * i, &half, 2);
  }
}

void narrow_bf16(std::uint8_t* to, const float* from, std::size_t count) {
  for (std::size_t i = 0; i < count; ++i) {
    std::uint32_t bits;
    std::memcpy(&bits, from + i, 4);
    const std::uint32_t rounded = (bits + 0x7FFF + (bits >> 16 & 1)) >> 16;
    const auto half = static_cast<std::uint16_t>((bits & 0x7F800000) == 0 ? bits >> 16 & 0x8000 : rounded);
    std::memcpy(to + 2 * i, &half, 2);
  }
}

void interleave(std::int32_t* to, const std::uint8_t* const* planes, std::size_t count, std::uint8_t flip) {
  const __m128i flips = _mm_set1_epi8(static_cast<char>(flip));
  const std::uint8_t *a = planes[0], *b = planes[1], *c = planes[2], *d = planes[3];
  std::size_t i = 0;
  for (; i + 16 <= count; i += 16) {
    const auto load = [&](const std::uint8_t* p) {
      return _mm_xor_si128(_mm_loadu_si128(reinterpret_cast<const __m128i*>(p + i)), flips);
    };
    const __m128i va = load(a), vb = load(b), vc = load(c), vd = load(d);
    const __m128i ab_low = _mm_unpacklo_epi8(va, vb), ab_high = _mm_unpackhi_epi8(va, vb);
    const __m128i cd_low = _mm_unpacklo_epi8(vc, vd), cd_high = _mm_unpackhi_epi8(vc, vd);
    auto* out = reinterpret_cast<__m128i*>(to + i);
    _mm_storeu_si128(out, _mm_unpacklo_epi16(ab_low, cd_low));
    _mm_storeu_si128(out + 1, _mm_unpackhi_epi16(ab_low, cd_low));
    _mm_storeu_si128(out + 2, _mm_unpacklo_epi16(ab_high, cd_high));
    _mm_storeu_si128(out + 3, _mm_unpackhi_epi16(ab_high, cd_high));
  }
  for (; i < count; ++i) {
    const std::uint32_t cell = a[i] | std::uint32_t{b[i]} << 8 | std::uint32_t{c[i]} << 16 | std::uint32_t{d[i]} << 24;
    to[i] = static_cast<std::int32_t>(cell ^ flip * 0x01010101u);
  }
}

}  // namespace
}  // namespace vnpu::bm1684x::kernels
