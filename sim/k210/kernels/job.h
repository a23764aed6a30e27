// What the kernels of all levels are given (docs/arithmetic_k210.md, "Kernels"). Pixels are computed "flat": rows of a
// padded map follow each other without a gap, and the columns between two rows are computed and thrown away.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

namespace vnpu::k210::kernels {

// Four channels of one pixel in one 32-bit word: "quad".

// From A to B of one output channel, where all values fit in 32 bits.
struct ChannelFinish {
  std::int32_t constant = 0;  // what is added to sums and x terms
  std::int32_t mul = 0, shift = 0, add = 0;
};

// The activation table made ready for values of a known range, in 32 bits.
struct ActivationPlan {
  bool valid = false;
  // The result is that of segment 0 with the distance from its start limited from below by 0 (a relu), slope >= 0.
  bool single = false;
  bool to_even = false;  // halves
  std::int32_t count = 0;
  // Segment i holds from after[i] + 1 on; value = mul * min(x - start, cap), shifted right by shift (1..30) with
  // rounding, where up means plus sign, plus bias.
  std::array<std::int32_t, 16> after{}, start{}, cap{}, mul{}, shift{}, sign{}, bias{};
};

struct Ops {
  std::size_t out_block;       // output channels of one call of dot_block
  std::size_t pixel_block;     // pixels of one call
  std::size_t quad_words;      // 32-bit words that hold the weights of one quad
  std::int32_t weight_offset;  // what packed 8-bit weights have been lowered by

  // Four weights, each lowered by weight_offset, as dot_block wants them.
  void (*pack_quad)(const std::int32_t* four, std::int32_t* words);
  // rows[i]: `count` bytes of channel i, to quads.
  void (*interleave)(const std::uint8_t* const* rows, std::uint32_t* quads, std::size_t count);
  // sums[o * stride + pixel] over all taps; weights [tap][out_block][quad_words]; tap: offset of its first quad from
  // `x`.
  void (*dot_block)(const std::uint32_t* x, const std::size_t* taps, std::size_t tap_count, const std::int32_t* weights,
                    std::int32_t* sums, std::size_t stride);
  // The same with every weight 1, one output.
  void (*sum_block)(const std::uint32_t* x, const std::size_t* taps, std::size_t tap_count, std::int32_t* sums);
  // Depthwise: windows of `kernel` rows that are `pitch` apart; weights: a quad a row (three columns and 0).
  void (*depthwise)(const std::uint8_t* x, std::size_t pitch, std::size_t kernel, const std::int32_t* weights,
                    const std::int32_t* ones, std::int32_t* sums, std::int32_t* sum_x, std::size_t count);
  // terms = ((factor * sum_x) >> shift) + offset * sum_x, modulo 2^32.
  void (*x_terms)(const std::int32_t* sum_x, std::int32_t factor, std::int32_t shift, std::int32_t offset,
                  std::int32_t* terms, std::size_t count);
  void (*finish)(const std::int32_t* sums, const std::int32_t* terms, const ChannelFinish& channel,
                 const ActivationPlan& activation, std::uint8_t* out, std::size_t count);
  // One row of 2x2 maxima.
  void (*max2)(const std::uint8_t* upper, const std::uint8_t* lower, std::uint8_t* out, std::size_t count);
};

// Counts of pixels are multiples of pixel_block; what lies behind a row's end may be read and written.
const Ops& ops_avx2();
const Ops& ops_avx512();

}  // namespace vnpu::k210::kernels
