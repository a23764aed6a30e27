#include "sim/bm1684x/tensor_view.h"

#include <string>

#include "base/error.h"

namespace vnpu::bm1684x {
namespace {

std::uint64_t round_up(std::uint64_t value, std::uint64_t unit) { return (value + unit - 1) / unit * unit; }

Strides plane_strides(std::uint32_t address, const Shape& shape, std::uint64_t plane, std::uint64_t row) {
  const std::uint64_t lane = address / lane_bytes % lane_count;
  return {(lane + shape.c + lane_count - 1) / lane_count * plane, plane, row, 1};
}

template <class Element>
void load_row(std::uint32_t* to, const std::uint8_t* from, std::uint64_t step, std::size_t count) {
  for (std::size_t i = 0; i < count; ++i) {
    Element element;
    std::memcpy(&element, from + i * step, sizeof element);
    to[i] = element;
  }
}

template <class Element>
void store_row(std::uint8_t* to, const std::uint32_t* from, std::uint64_t step, std::size_t count) {
  for (std::size_t i = 0; i < count; ++i) {
    const auto element = static_cast<Element>(from[i]);
    std::memcpy(to + i * step, &element, sizeof element);
  }
}

}  // namespace

unsigned bytes_of(Precision precision) {
  const std::uint32_t bytes = element_bytes(precision);
  if (bytes == 0) throw Error(ErrorKind::unsupported, std::string("element type ") + prec_name(precision));
  return bytes;
}

TensorView TensorView::broadcast_n() const {
  TensorView view = *this;
  view.strides.n = 0;
  return view;
}

TensorView make_view(std::uint32_t address, Precision precision, const Shape& shape, const Strides& strides) {
  return {static_cast<std::uint32_t>(address / lane_bytes % lane_count),
          static_cast<std::uint32_t>(address % lane_bytes), bytes_of(precision), shape, strides};
}

TensorView aligned_view(std::uint32_t address, Precision precision, const Shape& shape) {
  const std::uint64_t plane = round_up(std::uint64_t{shape.h} * shape.w, eu_bytes / bytes_of(precision));
  return make_view(address, precision, shape, plane_strides(address, shape, plane, shape.w));
}

TensorView compact_view(std::uint32_t address, Precision precision, const Shape& shape) {
  return make_view(address, precision, shape, plane_strides(address, shape, std::uint64_t{shape.h} * shape.w, shape.w));
}

TensorView line_view(std::uint32_t address, Precision precision, const Shape& shape) {
  const std::uint64_t row = round_up(shape.w, eu_bytes / bytes_of(precision));
  return make_view(address, precision, shape, plane_strides(address, shape, shape.h * row, row));
}

TensorView channel_view(std::uint32_t address, Precision precision, const Shape& shape) {
  return make_view(address, precision, shape, {0, 1, 0, 0});
}

void check_view(const TensorView& view, const char* operand) {
  const Shape& s = view.shape;
  const auto refuse = [&](const std::string& what) { throw Error(ErrorKind::fault, operand + (": " + what)); };
  if (s.n == 0 || s.c == 0 || s.h == 0 || s.w == 0) refuse("a size is 0");
  if (s.n > 0xFFFF || s.c > 0xFFFFFF || s.h > 0xFFFFFF || s.w > 0xFFFFFF || s.n * std::uint64_t{s.c} > element_limit ||
      s.h * std::uint64_t{s.w} > element_limit || s.count() > element_limit) {
    refuse("more elements than local memory holds");
  }
  const std::uint64_t last_group = (view.lane + s.c - 1) / lane_count;
  const std::uint64_t last = (s.n - 1) * view.strides.n + last_group * view.strides.c + (s.h - 1) * view.strides.h +
                             (s.w - 1) * view.strides.w;
  if (view.offset + (last + 1) * view.bytes > lane_bytes) refuse("leaves its lane of local memory");
}

void load_row(std::uint32_t* to, const std::uint8_t* from, unsigned bytes, std::uint64_t step, std::size_t count) {
  switch (bytes) {
    case 1: return load_row<std::uint8_t>(to, from, step, count);
    case 2: return load_row<std::uint16_t>(to, from, step, count);
    default: return load_row<std::uint32_t>(to, from, step, count);
  }
}

void store_row(std::uint8_t* to, const std::uint32_t* from, unsigned bytes, std::uint64_t step, std::size_t count) {
  switch (bytes) {
    case 1: return store_row<std::uint8_t>(to, from, step, count);
    case 2: return store_row<std::uint16_t>(to, from, step, count);
    default: return store_row<std::uint32_t>(to, from, step, count);
  }
}

std::vector<std::uint32_t> read(const Memory& memory, const TensorView& view, const char* operand) {
  check_view(view, operand);
  const std::uint8_t* local = memory.local().data();
  const Shape& s = view.shape;
  std::vector<std::uint32_t> values(s.count());
  std::uint32_t* to = values.data();
  for (std::uint32_t n = 0; n < s.n; ++n) {
    for (std::uint32_t c = 0; c < s.c; ++c) {
      for (std::uint32_t h = 0; h < s.h; ++h, to += s.w) {
        load_row(to, local + view.row(n, c, h), view.bytes, view.bytes * view.strides.w, s.w);
      }
    }
  }
  return values;
}

void write(Memory& memory, const TensorView& view, std::span<const std::uint32_t> values, std::uint64_t lanes) {
  check_view(view, "result");
  std::uint8_t* local = memory.local().data();
  const Shape& s = view.shape;
  const std::uint32_t* from = values.data();
  for (std::uint32_t n = 0; n < s.n; ++n) {
    for (std::uint32_t c = 0; c < s.c; ++c) {
      const bool written = lanes >> ((view.lane + c) % lane_count) & 1;
      for (std::uint32_t h = 0; h < s.h; ++h, from += s.w) {
        if (written) store_row(local + view.row(n, c, h), from, view.bytes, view.bytes * view.strides.w, s.w);
      }
    }
  }
}

}  // namespace vnpu::bm1684x
