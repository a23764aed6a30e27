// What every instruction-set level offers: loops over contiguous buffers. No addresses of the chip, no command fields;
// those are the business of the files that gather operands and scatter results, compiled once for all levels.
//
// The files of a level are the only ones compiled for its instruction set. They include no header with code that
// another file might share, so that the linker can never pick their copy for a CPU that lacks the instructions.
#pragma once

#include <cstddef>
#include <cstdint>

namespace vnpu::cv18xx::kernels {

// Buffers may be read this many bytes beyond their last element, and written so far where a job says "padded".
inline constexpr std::size_t slack_bytes = 512;

enum class Finish { qdm, shift, raw };

// From int32 sums to 8 bits: + bias, then qdm or rounding shift, then clamp to low..high (relu included).
struct ChannelFinish {
  std::int32_t bias = 0;
  std::int32_t multiplier = 0;  // qdm
  std::int32_t left = 0;        // qdm: shift before, 0..31
  std::int32_t right = 0;       // shift after, 0..31
};
struct IntFinish {
  Finish kind = Finish::qdm;
  bool round = true;  // shift: half up, else toward minus infinity
  std::int32_t low = -128, high = 127;
};

// Sum over taps and groups of a cell of the input times a cell of the weights, for `channels` x `pixels` results.
// A cell is 32 bits: 4 unsigned x 4 signed bytes, 2 x 2 int16, or one fp32; the input cell of pixel p, tap t, group g
// is cells[tap[t] + g * plane + p].
struct ConvJob {
  const std::int32_t* cells = nullptr;
  const std::ptrdiff_t* tap = nullptr;
  std::ptrdiff_t taps = 0, groups = 0, plane = 0;
  std::ptrdiff_t pixels = 0, channels = 0;
  const std::uint8_t* const* weights = nullptr;  // [channels], each taps * groups cells side by side
  const std::int32_t* start = nullptr;           // sums to start from, [channels][row], or null = 0
  std::ptrdiff_t row = 0;                        // elements from a channel to the next in start and result; padded
  void* result = nullptr;                        // int8, bf16 or (raw) 32-bit sums

  const ChannelFinish* finish = nullptr;  // [channels], integer kinds
  IntFinish integer;
  Finish kind = Finish::qdm;    // raw: 32-bit sums are stored
  const float* bias = nullptr;  // fp32, [channels], or null
  bool relu = false;            // fp32
};

// One channel: result[p] = finish(sum over taps of plane[tap[t] + p] * weights[t]); plane int16 or fp32.
struct DepthwiseJob {
  const void* plane = nullptr;
  const std::ptrdiff_t* tap = nullptr;
  std::ptrdiff_t taps = 0, pixels = 0;
  const void* weights = nullptr;  // int16 or fp32, [taps], one more int16 of value 0 behind
  void* result = nullptr;         // int8 or bf16; padded

  ChannelFinish finish;
  IntFinish integer;
  const float* bias = nullptr;  // fp32, one value, or null
  bool relu = false;
};

// The biased exponents of the non-zero normal numbers met: kept a vector wide, read once at the end.
struct ExponentRange {
  static constexpr int lanes = 16;
  alignas(64) std::uint32_t low_bits[lanes];        // smallest exponent field less 1: zeros become the largest number
  alignas(64) std::uint32_t high_bits[lanes] = {};  // largest exponent field

  ExponentRange() {
    for (std::uint32_t& bits : low_bits) bits = ~std::uint32_t{0};
  }
};

enum class IntOp { mul, mac, max, min, bit_and, bit_or, bit_xor };

// result = finish(x op y), 8-bit operands; mac adds the 16-bit z << left, left at most 14.
struct IntOpJob {
  IntOp op = IntOp::mul;
  std::size_t count = 0;
  const std::uint8_t* x = nullptr;
  const std::uint8_t* y = nullptr;  // null: `constant`
  std::int32_t constant = 0;
  const std::uint8_t *z_low = nullptr, *z_high = nullptr;
  bool x_signed = false, y_signed = false, z_signed = false;
  std::int32_t left = 0;
  ChannelFinish finish;
  IntFinish integer;
  std::uint8_t *result_low = nullptr, *result_high = nullptr;  // high null: 8 bits
};

enum class FloatOp { mul, mac, add, sub, max, min, copy };

// bf16; result may be x, y or z itself.
struct FloatOpJob {
  FloatOp op = FloatOp::mul;
  std::size_t count = 0;
  const std::uint16_t* x = nullptr;
  const std::uint16_t* y = nullptr;  // null: `constant`
  std::uint16_t constant = 0;
  const std::uint16_t* z = nullptr;
  bool relu = false;
  std::uint16_t* result = nullptr;
};

struct Ops {
  // 4 byte planes -> cells of 4 bytes, each xor `flip`; 2 byte planes -> cells of two int16.
  void (*pack_bytes)(std::int32_t* cells, const std::uint8_t* const* planes, std::size_t count, std::uint8_t flip);
  void (*pack_words)(std::int32_t* cells, const std::uint8_t* const* planes, std::size_t count, bool is_signed);
  // Bytes -> int16.
  void (*widen_bytes)(std::int16_t* out, const std::uint8_t* in, std::size_t count, bool is_signed);
  // bf16 -> fp32 with subnormals as 0. Widens the range by the exponents met; 255 counts like any other. `out` is
  // padded.
  void (*widen_bf16)(float* out, const void* in, std::size_t count, ExponentRange& range);
  // Null when the level has no byte dot product.
  std::int32_t (*sum_bytes)(const std::uint8_t* in, std::size_t count);  // as int8

  void (*conv_bytes)(const ConvJob& job);  // null when the level has no byte dot product
  void (*conv_words)(const ConvJob& job);  // exact for every sign
  void (*conv_fma)(const ConvJob& job);    // no product may lie below 2^-126
  void (*conv_float)(const ConvJob& job);  // products below 2^-126 become 0

  void (*depthwise_int)(const DepthwiseJob& job);
  void (*depthwise_float)(const DepthwiseJob& job);
  // out[p] = max (min) over taps of plane[tap[t] + p], starting from `start` for bytes.
  void (*extreme_bytes)(const DepthwiseJob& job, bool is_signed, bool want_max, std::uint8_t start);
  void (*extreme_float)(const DepthwiseJob& job, bool want_max);

  // out[i] = bf16 of sums[i] + bias[i] (bias null: none).
  void (*finish_floats)(std::uint16_t* out, const float* sums, const float* bias, std::size_t count, bool relu);

  // values[i] = table[values[i]], 256 entries.
  void (*look_up_bytes)(std::uint8_t* values, std::size_t count, const std::uint8_t* table);
  // values[i] = table[values[i] & 255], 256 entries of 16 bits.
  void (*look_up_halves)(std::uint16_t* values, std::size_t count, const void* table);
  void (*int_op)(const IntOpJob& job);
  void (*float_op)(const FloatOpJob& job);
};

const Ops& ops_avx2();
const Ops& ops_avx512();

}  // namespace vnpu::cv18xx::kernels
