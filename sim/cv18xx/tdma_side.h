// Source and destination of a TDMA command as addresses of elements.
#pragma once

#include <array>
#include <cstdint>
#include <span>

#include "isa/cv18xx/command.h"
#include "sim/cv18xx/memory.h"

namespace vnpu::cv18xx {

using Extent = std::array<std::uint32_t, 4>;  // n, c, h, w; none is zero

inline std::uint64_t count_of(const Extent& extent) {
  // At most 2^64 - 2^50 or so: four 16-bit factors.
  return std::uint64_t{extent[0]} * extent[1] * extent[2] * extent[3];
}

struct TdmaSide {
  std::span<std::uint8_t> memory;  // the whole local or the whole global memory
  bool local = false;
  std::uint32_t lanes = 0;
  std::uint64_t start = 0;                                               // of element 0, an offset into memory
  std::uint64_t n_stride = 0, c_stride = 0, h_stride = 0, w_stride = 0;  // bytes
  std::uint32_t element = 1;                                             // bytes

  // Channels of local memory go round the lanes, starting at the lane of `start`; a round advances by c_stride.
  std::uint64_t channel(std::uint64_t c) const {
    if (!local) return start + c * c_stride;
    const auto from_lane_0 = start / lane_bytes + c;
    return from_lane_0 % lanes * lane_bytes + start % lane_bytes + from_lane_0 / lanes * c_stride;
  }
  std::uint64_t address(std::uint64_t n, std::uint64_t c, std::uint64_t h, std::uint64_t w) const {
    return channel(c) + n * n_stride + h * h_stride + w * w_stride;
  }

  std::uint16_t read(std::uint64_t at) const {
    return element == 1 ? memory[at] : static_cast<std::uint16_t>(memory[at] | memory[at + 1] << 8);
  }
  void write(std::uint64_t at, std::uint16_t value) const {
    memory[at] = static_cast<std::uint8_t>(value);
    if (element == 2) memory[at + 1] = static_cast<std::uint8_t>(value >> 8);
  }
};

// The sides as the command's own strides describe them; elements of src_fmt and dst_fmt. The base register is added to
// a global address. Nothing is checked against the memory's size.
TdmaSide source_side(const TdmaCommand& command, Memory& memory);
TdmaSide destination_side(const TdmaCommand& command, Memory& memory);

// The bytes a side's elements lie in: of the global memory, or (local) of every lane.
struct ByteRange {
  std::uint64_t begin = 0, end = 0;
  bool overlaps(const ByteRange& other) const { return begin < other.end && other.begin < end; }
};
ByteRange range_of(const TdmaSide& side, const Extent& extent);

// Throws Error(fault) naming mnemonic, side and address when an element lies outside the memory, or when there are
// more element bytes than the memory has (only possible with strides that write the same bytes again and again).
void check_source(const TdmaCommand& command, const TdmaSide& side, const Extent& extent);
void check_destination(const TdmaCommand& command, const TdmaSide& side, const Extent& extent);

// Visits the elements of an extent, the last dimension of `order` innermost. The order names dimensions: 0 n, ... 3 w.
class Walk {
 public:
  Walk(const TdmaSide& side, const Extent& extent, const std::array<int, 4>& order = {0, 1, 2, 3})
      : side_(side), extent_(extent), order_(order) {}

  std::uint64_t address() const { return side_.address(at_[0], at_[1], at_[2], at_[3]); }
  void next() {
    for (int i = 3; i >= 0; --i) {
      const auto dimension = static_cast<std::size_t>(order_[static_cast<std::size_t>(i)]);
      if (++at_[dimension] < extent_[dimension]) return;
      at_[dimension] = 0;
    }
  }

 private:
  const TdmaSide& side_;
  Extent extent_;
  std::array<int, 4> order_;
  Extent at_{};
};

}  // namespace vnpu::cv18xx
