// One side of a GDMA transfer: a tensor in local memory (channels over lanes) or in a linear memory.
#pragma once

#include <cstdint>
#include <span>
#include <utility>
#include <vector>

#include "isa/bm1684x/command.h"
#include "sim/bm1684x/tensor_view.h"

namespace vnpu::bm1684x {

class DmaSide {
 public:
  // Throws Error(fault), naming `side`, when a size is 0 or the tensor leaves its memory or a lane; Error(unsupported)
  // for element types that have no bytes.
  DmaSide(Memory& memory, const char* side, std::uint64_t address, Precision format, const Shape& shape,
          const Strides& strides);

  // Dense, or "aligned" in local memory.
  static Strides default_strides(std::uint64_t address, Precision format, const Shape& shape);

  const Shape& shape() const { return shape_; }
  unsigned bytes() const { return bytes_; }
  std::uint8_t* at(std::uint64_t n, std::uint64_t c, std::uint64_t h, std::uint64_t w) const {
    const std::uint64_t inside = n * strides_.n + h * strides_.h + w * strides_.w;
    if (!local_) return base_ + bytes_ * (inside + c * strides_.c);
    const std::uint64_t place = lane_ + c;
    return base_ + place % lane_count * lane_bytes + bytes_ * (inside + place / lane_count * strides_.c);
  }
  std::uint64_t step() const { return bytes_ * strides_.w; }  // bytes from element to element of a row
  // Whether the elements of a plane follow each other.
  bool has_planes() const { return (shape_.w == 1 || strides_.w == 1) && (shape_.h == 1 || strides_.h == shape_.w); }
  // First and end byte it may touch; in local memory of lane 0 to the end of lane 63.
  std::pair<const std::uint8_t*, const std::uint8_t*> range() const;
  // Whether the lane of channel c is written under a mask of lanes; linear memory always is.
  bool is_written(std::uint64_t c, std::uint64_t lanes) const {
    return !local_ || (lanes >> ((lane_ + c) % lane_count) & 1);
  }

  // All elements in the order n, c, h, w.
  std::vector<std::uint32_t> read() const;
  void write(std::span<const std::uint32_t> values, std::uint64_t lanes) const;

 private:
  Shape shape_;
  Strides strides_;
  unsigned bytes_;
  bool local_;
  std::uint32_t lane_ = 0;
  std::uint8_t* base_;
};

// Elements of one transfer; more are refused.
inline constexpr std::uint64_t dma_element_limit = std::uint64_t{1} << 27;

}  // namespace vnpu::bm1684x
