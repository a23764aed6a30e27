#include "sim/bm1684x/dma_side.h"

#include <string>

#include "base/error.h"

namespace vnpu::bm1684x {

DmaSide::DmaSide(Memory& memory, const char* side, std::uint64_t address, Precision format, const Shape& shape,
                 const Strides& strides)
    : shape_(shape), strides_(strides), bytes_(bytes_of(format)), local_(is_local(address)) {
  const Shape& s = shape;
  const auto refuse = [&](const char* what) { throw Error(ErrorKind::fault, std::string(side) + ": " + what); };
  if (s.n == 0 || s.c == 0 || s.h == 0 || s.w == 0) refuse("a size is 0");
  // Sizes of at most 2^32 each: products of two do not overflow.
  if (std::uint64_t{s.n} * s.c > dma_element_limit || std::uint64_t{s.h} * s.w > dma_element_limit ||
      s.count() > dma_element_limit) {
    refuse("more elements than any network moves");
  }
  std::uint64_t groups = s.c - 1;
  if (local_) {
    lane_ = static_cast<std::uint32_t>((address - local_base) / lane_bytes);
    groups = (lane_ + s.c - 1) / lane_count;
  }
  // Strides have 32 bits and sizes 27: every product fits.
  const std::uint64_t last = (s.n - 1) * strides.n + groups * strides.c + (s.h - 1) * strides.h + (s.w - 1) * strides.w;
  if (!local_) {
    base_ = memory.range(address, (last + 1) * bytes_).data();
    return;
  }
  const std::uint64_t offset = (address - local_base) % lane_bytes;
  if (offset + (last + 1) * bytes_ > lane_bytes) refuse("leaves its lane of local memory");
  base_ = memory.local().data() + offset;
}

Strides DmaSide::default_strides(std::uint64_t address, Precision format, const Shape& shape) {
  if (is_local(address)) {
    return aligned_view(static_cast<std::uint32_t>(address - local_base), format, shape).strides;
  }
  const std::uint64_t plane = std::uint64_t{shape.h} * shape.w;
  return {plane * shape.c, plane, shape.w, 1};
}

std::pair<const std::uint8_t*, const std::uint8_t*> DmaSide::range() const {
  const std::uint64_t groups = local_ ? (lane_ + shape_.c - 1) / lane_count : shape_.c - 1;
  const std::uint64_t last =
      (shape_.n - 1) * strides_.n + groups * strides_.c + (shape_.h - 1) * strides_.h + (shape_.w - 1) * strides_.w;
  const std::uint64_t lanes = local_ ? (lane_count - 1) * std::uint64_t{lane_bytes} : 0;
  return {base_, base_ + lanes + (last + 1) * bytes_};
}

std::vector<std::uint32_t> DmaSide::read() const {
  std::vector<std::uint32_t> values(shape_.count());
  std::uint32_t* to = values.data();
  for (std::uint32_t n = 0; n < shape_.n; ++n) {
    for (std::uint32_t c = 0; c < shape_.c; ++c) {
      for (std::uint32_t h = 0; h < shape_.h; ++h, to += shape_.w) {
        load_row(to, at(n, c, h, 0), bytes_, bytes_ * strides_.w, shape_.w);
      }
    }
  }
  return values;
}

void DmaSide::write(std::span<const std::uint32_t> values, std::uint64_t lanes) const {
  const std::uint32_t* from = values.data();
  for (std::uint32_t n = 0; n < shape_.n; ++n) {
    for (std::uint32_t c = 0; c < shape_.c; ++c) {
      const bool written = is_written(c, lanes);
      for (std::uint32_t h = 0; h < shape_.h; ++h, from += shape_.w) {
        if (written) store_row(at(n, c, h, 0), from, bytes_, bytes_ * strides_.w, shape_.w);
      }
    }
  }
}

}  // namespace vnpu::bm1684x
