#include "sim/k210/v5/views.h"

#include <limits>

#include "base/error.h"

namespace vnpu::k210::v5 {
namespace {

constexpr std::int64_t largest_stride = std::int64_t{1} << 32;

template <class T>
struct As {
  using Type = T;
};

// Calls f(As<T>()) for the element type; false for types that are no integers.
template <class F>
bool with_integer(DType dtype, F&& f) {
  switch (dtype) {
    case DType::i8: f(As<std::int8_t>()); return true;
    case DType::u8: f(As<std::uint8_t>()); return true;
    case DType::i16: f(As<std::int16_t>()); return true;
    case DType::u16: f(As<std::uint16_t>()); return true;
    case DType::i32: f(As<std::int32_t>()); return true;
    case DType::u32: f(As<std::uint32_t>()); return true;
    case DType::i64: f(As<std::int64_t>()); return true;
    case DType::u64: f(As<std::uint64_t>()); return true;
    default: return false;
  }
}

// The same for movements, which only know the width.
template <class F>
void with_width(std::size_t bytes, F&& f) {
  switch (bytes) {
    case 1: return f(As<std::uint8_t>());
    case 2: return f(As<std::uint16_t>());
    case 4: return f(As<std::uint32_t>());
    default: return f(As<std::uint64_t>());
  }
}

[[noreturn]] void no_integer(const Place& place, DType dtype) {
  throw Error(ErrorKind::unsupported, place.offset, place.what,
              "elements of type " + std::string(name(dtype)) + " are not supported here");
}

}  // namespace

void fault(const Place& place, const std::string& message) {
  throw Error(ErrorKind::fault, place.offset, place.what, message);
}

void Budget::charge(const Place& place, std::uint64_t operations) {
  if (operations > left_) fault(place, "the inference takes more operations than the limit");
  left_ -= operations;
}

std::uint64_t count_of(const Place& place, const Extents& shape) {
  std::uint64_t count = 1;
  bool empty = false;
  for (const auto dim : shape) {
    if (dim < 0) fault(place, "a dimension is " + std::to_string(dim));
    if (dim == 0) {
      empty = true;
      continue;
    }
    if (static_cast<std::uint64_t>(dim) > most_elements / count) {
      fault(place, "a tensor has more than " + std::to_string(most_elements) + " elements");
    }
    count *= static_cast<std::uint64_t>(dim);
  }
  return empty ? 0 : count;
}

View make_view(const Place& place, const Address& address, DType dtype, Extents shape, Extents strides, bool to_write) {
  if (strides.size() != shape.size()) {
    fault(place, "a shape of " + std::to_string(shape.size()) + " dimensions with " + std::to_string(strides.size()) +
                     " strides");
  }
  View view{dtype, std::move(shape), std::move(strides), nullptr, 0};
  view.count = count_of(place, view.shape);
  if (view.count == 0) return view;
  std::uint64_t last = 0;
  for (std::size_t d = 0; d < view.rank(); ++d) {
    if (view.shape[d] == 1) continue;
    if (view.strides[d] < 0 || view.strides[d] > largest_stride) {
      fault(place, "a stride is " + std::to_string(view.strides[d]));
    }
    last += static_cast<std::uint64_t>(view.shape[d] - 1) * static_cast<std::uint64_t>(view.strides[d]);
  }
  // Dimensions up to 2^24 and strides to 2^32 keep this below 2^63 for the few dimensions there are.
  const auto bytes = (last + 1) * view.item();
  if (address.offset > address.memory.size() || bytes > address.memory.size() - address.offset) {
    fault(place, "needs " + std::to_string(bytes) + " bytes from byte " + std::to_string(address.offset) +
                     " of a memory of " + std::to_string(address.memory.size()));
  }
  if (to_write && !address.writable) fault(place, "writes to memory that is read-only");
  view.data = address.memory.data() + address.offset;
  return view;
}

View broadcast(const Place& place, View view, const Extents& shape) {
  if (view.rank() > shape.size()) fault(place, "an operand has more dimensions than the result");
  const auto lead = shape.size() - view.rank();
  Extents strides(shape.size(), 0);
  for (std::size_t d = 0; d < view.rank(); ++d) {
    if (view.shape[d] == shape[lead + d]) {
      strides[lead + d] = view.strides[d];
    } else if (view.shape[d] != 1) {
      fault(place, "a dimension of " + std::to_string(view.shape[d]) + " does not broadcast to " +
                       std::to_string(shape[lead + d]));
    }
  }
  const bool was_empty = view.count == 0;
  view.shape = shape;
  view.strides = std::move(strides);
  view.count = count_of(place, shape);
  if (was_empty && view.count != 0) fault(place, "an empty operand does not broadcast");
  return view;
}

Extents contiguous_strides(const Extents& shape) {
  Extents strides(shape.size(), 1);
  for (std::size_t d = shape.size(); d-- > 1;) strides[d - 1] = strides[d] * shape[d];
  return strides;
}

Bytes gather_bytes(const View& view) {
  Bytes out(view.count * view.item());
  if (view.count == 0) return out;
  with_width(view.item(), [&]<class T>(As<T>) {
    const auto values = gather<T>(view);
    std::memcpy(out.data(), values.data(), out.size());
  });
  return out;
}

void scatter_bytes(const View& view, std::span<const std::uint8_t> bytes) {
  if (view.count == 0) return;
  with_width(view.item(), [&]<class T>(As<T>) {
    std::vector<T> values(view.count);
    std::memcpy(values.data(), bytes.data(), view.count * sizeof(T));
    scatter<T>(view, values);
  });
}

std::vector<std::int64_t> gather_integers(const Place& place, const View& view) {
  std::vector<std::int64_t> out;
  const bool known = with_integer(view.dtype, [&]<class T>(As<T>) {
    const auto values = gather<T>(view);
    out.reserve(values.size());
    for (const auto value : values) out.push_back(static_cast<std::int64_t>(value));
  });
  if (!known) no_integer(place, view.dtype);
  return out;
}

void scatter_integers(const Place& place, const View& view, std::span<const std::int64_t> values) {
  const bool known = with_integer(view.dtype, [&]<class T>(As<T>) {
    std::vector<T> cut;
    cut.reserve(values.size());
    for (const auto value : values) cut.push_back(static_cast<T>(value));
    scatter<T>(view, cut);
  });
  if (!known) no_integer(place, view.dtype);
}

bool is_integer(DType dtype) {
  return with_integer(dtype, [](auto) {});
}

IntegerRange integer_range(const Place& place, DType dtype) {
  IntegerRange out;
  const bool known = with_integer(dtype, [&]<class T>(As<T>) {
    out.min = static_cast<std::int64_t>(std::numeric_limits<T>::min());
    out.max = sizeof(T) == 8 ? std::numeric_limits<std::int64_t>::max()
                             : static_cast<std::int64_t>(std::numeric_limits<T>::max());
  });
  if (!known) no_integer(place, dtype);
  return out;
}

}  // namespace vnpu::k210::v5
