// A tensor in local memory: its shape, where its elements lie, and reading and writing it as a dense list.
#pragma once

#include <cstdint>
#include <cstring>
#include <span>
#include <vector>

#include "isa/bm1684x/command.h"
#include "sim/bm1684x/memory.h"

namespace vnpu::bm1684x {

// An element type as the commands name it: Prec.
using Precision = std::uint32_t;

// Bytes of one element; throws Error(unsupported) for i4 and codes beyond.
unsigned bytes_of(Precision precision);
inline unsigned bits_of(Precision precision) { return 8 * bytes_of(precision); }
inline bool is_float(Precision p) { return p == f16 || p == f32 || p == bf16; }

struct Shape {
  std::uint32_t n = 1, c = 1, h = 1, w = 1;
  std::uint64_t count() const { return std::uint64_t{n} * c * h * w; }
  bool operator==(const Shape&) const = default;
};

// Strides in elements. Channel c lies in lane (first lane + c) % 64, group (first lane + c) / 64 of that lane.
struct Strides {
  std::uint64_t n = 0, c = 0, h = 0, w = 0;
  bool operator==(const Strides&) const = default;
};

struct TensorView {
  std::uint32_t lane = 0;    // of channel 0
  std::uint32_t offset = 0;  // bytes in the lane
  unsigned bytes = 1;        // of one element
  Shape shape;
  Strides strides;

  // Byte of local memory where row (n, c, h) begins.
  std::uint64_t row(std::uint32_t n, std::uint32_t c, std::uint32_t h) const {
    const std::uint32_t place = lane + c;
    return std::uint64_t{place % lane_count} * lane_bytes + offset +
           bytes * (n * strides.n + place / lane_count * strides.c + h * strides.h);
  }
  std::uint64_t at(std::uint32_t n, std::uint32_t c, std::uint32_t h, std::uint32_t w) const {
    return row(n, c, h) + bytes * (w * strides.w);
  }
  // The same storage for the first batch only, repeated for all.
  TensorView broadcast_n() const;
};

// `address` is a command's: lane << 18 | offset.
TensorView make_view(std::uint32_t address, Precision precision, const Shape& shape, const Strides& strides);
// The layouts of docs/arithmetic_bm1684x.md. Aligned: planes begin at multiples of 64 bytes; compact: planes follow
// each other; line: rows begin at multiples of 64 bytes; channel: one element a channel.
TensorView aligned_view(std::uint32_t address, Precision precision, const Shape& shape);
TensorView compact_view(std::uint32_t address, Precision precision, const Shape& shape);
TensorView line_view(std::uint32_t address, Precision precision, const Shape& shape);
TensorView channel_view(std::uint32_t address, Precision precision, const Shape& shape);

// Elements of one operand of a command; more are refused, so that hostile commands stay small.
inline constexpr std::uint64_t element_limit = std::uint64_t{1} << 24;

// Throws Error(fault), naming `operand`, when a size is 0, the tensor has more than element_limit elements or leaves
// the lane.
void check_view(const TensorView& view, const char* operand);

// One element of 1, 2 or 4 bytes, low bits of the word.
inline std::uint32_t load_element(const std::uint8_t* from, unsigned bytes) {
  if (bytes == 1) return *from;
  std::uint16_t half;
  std::uint32_t word;
  if (bytes == 2) return std::memcpy(&half, from, 2), half;
  return std::memcpy(&word, from, 4), word;
}
inline void store_element(std::uint8_t* to, std::uint32_t value, unsigned bytes) {
  std::memcpy(to, &value, bytes == 1 ? 1 : bytes == 2 ? 2 : 4);
}

// `count` elements, `step` bytes apart, to or from successive words.
void load_row(std::uint32_t* to, const std::uint8_t* from, unsigned bytes, std::uint64_t step, std::size_t count);
void store_row(std::uint8_t* to, const std::uint32_t* from, unsigned bytes, std::uint64_t step, std::size_t count);

// All elements in the order n, c, h, w; checks the view.
std::vector<std::uint32_t> read(const Memory& memory, const TensorView& view, const char* operand);
// Writes only lanes whose bit is set in `lanes`; checks the view.
void write(Memory& memory, const TensorView& view, std::span<const std::uint32_t> values, std::uint64_t lanes);

}  // namespace vnpu::bm1684x
