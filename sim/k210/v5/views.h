// Strided tensors in the memories of a version 5 model, checked before they are touched.
#pragma once

#include <cstdint>
#include <cstring>
#include <span>
#include <string>
#include <vector>

#include "base/bytes.h"
#include "base/dtype.h"

namespace vnpu::k210::v5 {

using Extents = std::vector<std::int64_t>;

// A place in one memory; the memory must outlive it.
struct Address {
  std::span<std::uint8_t> memory;
  std::uint64_t offset = 0;  // may be anything until a view is made of it
  bool writable = false;
};

struct View {
  DType dtype = DType::f32;
  Extents shape, strides;  // strides in elements
  std::uint8_t* data = nullptr;
  std::uint64_t count = 0;  // elements

  std::size_t item() const { return size_of(dtype); }
  std::size_t rank() const { return shape.size(); }
};

// Where errors of an instruction point to.
struct Place {
  std::uint64_t offset = 0;  // in the file
  std::string what;          // "tensor.binary"
};
[[noreturn]] void fault(const Place& place, const std::string& message);

// What one inference may cost, so that a hostile file cannot run for ever.
class Budget {
 public:
  explicit Budget(std::uint64_t operations) : left_(operations) {}
  // Throws Error(fault).
  void charge(const Place& place, std::uint64_t operations);

 private:
  std::uint64_t left_;
};

constexpr std::uint64_t most_elements = std::uint64_t{1} << 24;  // of one tensor

// The number of elements; throws Error(fault) for negative dimensions and beyond most_elements.
std::uint64_t count_of(const Place& place, const Extents& shape);
// Throws Error(fault) when an element would lie outside of the memory, or when it may not be written.
View make_view(const Place& place, const Address& address, DType dtype, Extents shape, Extents strides, bool to_write);
// The view with its dimensions broadcast to `shape`, aligned at the last; throws Error(fault) when they do not fit.
View broadcast(const Place& place, View view, const Extents& shape);
Extents contiguous_strides(const Extents& shape);

// Calls f(element offset, run length, stride) for every innermost row, in C order.
template <class F>
void for_each_row(const View& view, F&& f) {
  if (view.count == 0) return;
  if (view.rank() == 0) return f(std::int64_t{0}, std::int64_t{1}, std::int64_t{1});
  const auto inner = view.rank() - 1;
  Extents at(view.rank(), 0);
  std::int64_t offset = 0;
  while (true) {
    f(offset, view.shape[inner], view.strides[inner]);
    auto d = inner;
    while (d-- > 0) {
      offset += view.strides[d];
      if (++at[d] < view.shape[d]) break;
      offset -= view.strides[d] * view.shape[d];
      at[d] = 0;
    }
    if (d == static_cast<std::size_t>(-1)) return;
  }
}

template <class T>
std::vector<T> gather(const View& view) {
  std::vector<T> out(view.count);
  auto* to = out.data();
  for_each_row(view, [&](std::int64_t offset, std::int64_t run, std::int64_t stride) {
    const auto* from = view.data + offset * static_cast<std::int64_t>(sizeof(T));
    if (stride == 1) {
      std::memcpy(to, from, static_cast<std::size_t>(run) * sizeof(T));
      to += run;
      return;
    }
    for (std::int64_t i = 0; i < run; ++i) {
      std::memcpy(to++, from + i * stride * static_cast<std::int64_t>(sizeof(T)), sizeof(T));
    }
  });
  return out;
}

template <class T>
void scatter(const View& view, std::span<const T> values) {
  const auto* from = values.data();
  for_each_row(view, [&](std::int64_t offset, std::int64_t run, std::int64_t stride) {
    auto* to = view.data + offset * static_cast<std::int64_t>(sizeof(T));
    for (std::int64_t i = 0; i < run; ++i) {
      std::memcpy(to + i * stride * static_cast<std::int64_t>(sizeof(T)), from++, sizeof(T));
    }
  });
}

// Elements as bytes, in C order, whatever their type; and back.
Bytes gather_bytes(const View& view);
void scatter_bytes(const View& view, std::span<const std::uint8_t> bytes);

// Integers of any type as 64 bits, and back, cut to their width. Throws Error(fault) for other types.
std::vector<std::int64_t> gather_integers(const Place& place, const View& view);
void scatter_integers(const Place& place, const View& view, std::span<const std::int64_t> values);
bool is_integer(DType dtype);
struct IntegerRange {
  std::int64_t min = 0, max = 0;
};
IntegerRange integer_range(const Place& place, DType dtype);

}  // namespace vnpu::k210::v5
