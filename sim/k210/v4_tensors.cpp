#include "sim/k210/v4_tensors.h"

#include <cmath>
#include <string>

#include "base/error.h"
#include "sim/k210/float_law.h"

namespace vnpu::k210 {
namespace {

using kmodel::v4::Padding;
using kmodel::v4::Shape;

// For each dimension and each index there: the distance it adds, or `outside`.
using Distances = std::array<std::vector<std::uint32_t>, 4>;

std::vector<std::uint32_t> order_of(const Distances& dims) {
  std::vector<std::uint32_t> order;
  order.reserve(dims[0].size() * dims[1].size() * dims[2].size() * dims[3].size());
  for (const auto a : dims[0]) {
    for (const auto b : dims[1]) {
      for (const auto c : dims[2]) {
        for (const auto d : dims[3]) {
          const bool out = a == outside || b == outside || c == outside || d == outside;
          order.push_back(out ? outside : a + b + c + d);
        }
      }
    }
  }
  return order;
}

std::array<std::uint32_t, 4> strides_of(const Shape& shape) {
  std::array<std::uint32_t, 4> strides{1, 1, 1, 1};
  for (int i = 2; i >= 0; --i) strides[i] = strides[i + 1] * static_cast<std::uint32_t>(shape[i + 1]);
  return strides;
}

template <class T>
std::vector<T> bilinear(const std::vector<T>& in, const ResizeSizes& s, bool align_corners) {
  const auto scale = [&](std::uint32_t from, std::uint32_t to) {
    return align_corners && to > 1 ? static_cast<float>(from - 1) / static_cast<float>(to - 1)
                                   : static_cast<float>(from) / static_cast<float>(to);
  };
  const float scale_y = scale(s.height, s.out_height), scale_x = scale(s.width, s.out_width);
  std::vector<T> out;
  out.reserve(s.planes * s.out_height * s.out_width);
  for (std::uint64_t p = 0; p < s.planes; ++p) {
    const T* plane = in.data() + p * s.height * s.width;
    for (std::uint32_t y = 0; y < s.out_height; ++y) {
      const float fy = static_cast<float>(y) * scale_y;
      const auto y0 = std::min(static_cast<std::uint32_t>(fy), s.height - 1), y1 = std::min(y0 + 1, s.height - 1);
      const float dy = fy - static_cast<float>(y0);
      for (std::uint32_t x = 0; x < s.out_width; ++x) {
        const float fx = static_cast<float>(x) * scale_x;
        const auto x0 = std::min(static_cast<std::uint32_t>(fx), s.width - 1), x1 = std::min(x0 + 1, s.width - 1);
        const float dx = fx - static_cast<float>(x0);
        const auto at = [&](std::uint32_t row, std::uint32_t column) {
          return static_cast<float>(plane[std::size_t{row} * s.width + column]);
        };
        const float value = at(y0, x0) * ((1.0f - dy) * (1.0f - dx)) + at(y1, x0) * (dy * (1.0f - dx)) +
                            at(y0, x1) * ((1.0f - dy) * dx) + at(y1, x1) * (dy * dx);
        out.push_back(static_cast<T>(value));
      }
    }
  }
  return out;
}

}  // namespace

std::vector<std::uint32_t> broadcast_order(const Shape& shape, const Shape& out) {
  const auto strides = strides_of(shape);
  Distances dims;
  for (std::size_t d = 0; d < 4; ++d) {
    for (std::int32_t i = 0; i < out[d]; ++i) {
      dims[d].push_back(i < shape[d] ? strides[d] * static_cast<std::uint32_t>(i) : 0);
    }
  }
  return order_of(dims);
}

std::vector<std::uint32_t> transpose_order(const Shape& shape, const Shape& perm) {
  const auto strides = strides_of(shape);
  Distances dims;
  for (std::size_t d = 0; d < 4; ++d) {
    const auto from = static_cast<std::size_t>(perm[d]);
    for (std::int32_t i = 0; i < shape[from]; ++i) dims[d].push_back(strides[from] * static_cast<std::uint32_t>(i));
  }
  return order_of(dims);
}

std::vector<std::uint32_t> slice_order(const Shape& shape, const Shape& begin, const Shape& end, const Shape& strides) {
  const auto distance = strides_of(shape);
  Distances dims;
  for (std::size_t d = 0; d < 4; ++d) {
    if (strides[d] == 0) throw Error(ErrorKind::fault, "strided_slice with a stride of 0");
    for (std::int64_t i = begin[d]; strides[d] > 0 ? i < end[d] : i > end[d]; i += strides[d]) {
      if (i < 0 || i >= shape[d]) {
        throw Error(ErrorKind::fault, "strided_slice reaches index " + std::to_string(i) + " of a dimension of " +
                                          std::to_string(shape[d]));
      }
      dims[d].push_back(distance[d] * static_cast<std::uint32_t>(i));
    }
  }
  return order_of(dims);
}

std::vector<std::uint32_t> pad_order(const Shape& shape, const std::array<Padding, 4>& paddings, std::uint64_t limit) {
  const auto strides = strides_of(shape);
  Distances dims;
  std::uint64_t count = 1;
  for (std::size_t d = 0; d < 4; ++d) {
    const std::int64_t size = std::int64_t{shape[d]} + paddings[d].before + paddings[d].after;
    if (size < 1) throw Error(ErrorKind::fault, "padding leaves nothing of a dimension of " + std::to_string(shape[d]));
    count *= static_cast<std::uint64_t>(size);
    if (count > limit) {
      throw Error(ErrorKind::fault,
                  "the padded tensor needs more than the " + std::to_string(limit) + " elements of its memory range");
    }
    for (std::int64_t i = 0; i < size; ++i) {
      const std::int64_t from = i - paddings[d].before;
      dims[d].push_back(from < 0 || from >= shape[d] ? outside : strides[d] * static_cast<std::uint32_t>(from));
    }
  }
  return order_of(dims);
}

std::vector<std::uint32_t> nearest_order(const ResizeSizes& s) {
  std::vector<std::uint32_t> order;
  order.reserve(s.planes * s.out_height * s.out_width);
  for (std::uint64_t p = 0; p < s.planes; ++p) {
    for (std::uint32_t y = 0; y < s.out_height; ++y) {
      const std::uint64_t row = (p * s.height + nearest(y, s.height, s.out_height)) * s.width;
      for (std::uint32_t x = 0; x < s.out_width; ++x) {
        order.push_back(static_cast<std::uint32_t>(row + nearest(x, s.width, s.out_width)));
      }
    }
  }
  return order;
}

std::vector<float> resize_bilinear(const std::vector<float>& in, const ResizeSizes& sizes, bool align_corners) {
  return bilinear(in, sizes, align_corners);
}

std::vector<std::uint8_t> resize_bilinear(const std::vector<std::uint8_t>& in, const ResizeSizes& sizes,
                                          bool align_corners) {
  return bilinear(in, sizes, align_corners);
}

}  // namespace vnpu::k210
