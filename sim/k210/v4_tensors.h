// Where elements go when tensors of version 4 are rearranged: for every output element the index of its input element.
#pragma once

#include <cstdint>
#include <vector>

#include "models/kmodel/model.h"

namespace vnpu::k210 {

inline constexpr std::uint32_t outside = ~0u;  // of the input

// An index beyond a dimension of `shape` is taken as 0.
std::vector<std::uint32_t> broadcast_order(const kmodel::v4::Shape& shape, const kmodel::v4::Shape& out);
std::vector<std::uint32_t> transpose_order(const kmodel::v4::Shape& shape, const kmodel::v4::Shape& perm);
// Throws Error(fault) when it reaches outside of the input.
std::vector<std::uint32_t> slice_order(const kmodel::v4::Shape& shape, const kmodel::v4::Shape& begin,
                                       const kmodel::v4::Shape& end, const kmodel::v4::Shape& strides);
// Negative paddings crop. Throws Error(fault) for more than `limit` elements or a dimension cropped away.
std::vector<std::uint32_t> pad_order(const kmodel::v4::Shape& shape, const std::array<kmodel::v4::Padding, 4>& paddings,
                                     std::uint64_t limit);

struct ResizeSizes {
  std::uint64_t planes = 1;
  std::uint32_t height = 1, width = 1, out_height = 1, out_width = 1;
};
std::vector<std::uint32_t> nearest_order(const ResizeSizes& sizes);
// Products of the distances first, then the four weighted values summed: left column top and bottom, then right.
std::vector<float> resize_bilinear(const std::vector<float>& in, const ResizeSizes& sizes, bool align_corners);
std::vector<std::uint8_t> resize_bilinear(const std::vector<std::uint8_t>& in, const ResizeSizes& sizes,
                                          bool align_corners);  // cut to an integer

}  // namespace vnpu::k210
