// The inner loops of all sums of products: for a block of up to 64 results a row (pixels of a convolution, columns of a
// matrix), the products of one chunk of the depth are added to the accumulators of all rows.
//
// Cells: [depth][block] words; weights: [rows][depth] words (AVX2 bytes: [rows][depth][2]); accumulators:
// [rows][block]. `results` of the block count; loops may touch the rest of it.
#pragma once

#include <cstddef>
#include <cstdint>

#include "sim/core/simd.h"

namespace vnpu::bm1684x::kernels {

inline constexpr std::size_t block = 64;

struct Chunk {
  const std::int32_t* cells;
  const std::int32_t* weights;
  std::size_t rows, depth, results;
};

struct GemmOps {
  // Cells: four unsigned bytes, weights: four signed bytes. Sums wrap.
  void (*add_bytes)(const Chunk& chunk, std::int32_t* sums);
  std::size_t byte_weight_words;  // of one depth
  // f32: products go in turn to `first` and `second`.
  void (*add_floats)(const Chunk& chunk, float* first, float* second);
  // The cube's sum of up to 32 products (depth) of 16-bit floats as f32, added to `sums`. False when a product is
  // infinite, no number or too small for the short way; sums are then undefined.
  bool (*add_cube)(const Chunk& chunk, float* sums);
  // f16 and bf16 to f32 and back; no number gives any NaN.
  void (*widen_f16)(float* to, const std::uint8_t* from, std::size_t count);
  void (*widen_bf16)(float* to, const std::uint8_t* from, std::size_t count);
  void (*narrow_f16)(std::uint8_t* to, const float* from, std::size_t count);
  void (*narrow_bf16)(std::uint8_t* to, const float* from, std::size_t count);
  // Four planes of bytes to cells, all bits of `flip` inverted.
  void (*interleave)(std::int32_t* to, const std::uint8_t* const* planes, std::size_t count, std::uint8_t flip);
};

// Four weights as add_bytes of the level wants them.
void store_byte_weights(std::int32_t* to, const std::int8_t* four, std::size_t words);

extern const GemmOps gemm_avx2, gemm_avx512;
// Null for the scalar level.
const GemmOps* gemm_ops(SimdLevel level);

}  // namespace vnpu::bm1684x::kernels
