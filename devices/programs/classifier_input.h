// Pixels to the classifiers' input tensors: planes in the order B, G, R.
// Checked against the tensors that the vendor's programs wrote (docs/board_programs.md).
#pragma once

#include <vector>

#include "base/image.h"

namespace vnpu::programs {

inline constexpr int classifier_side = 256;  // pictures are resized to 256 x 256 first

// int8: (pixel - mean) * 0.017 * qscale, nearest even, saturated.
Bytes quantised_planes(const Image& image, float qscale);
// float: (pixel - mean) * 0.017 with one rounding, as the board's fused instruction does it.
std::vector<float> normalised_planes(const Image& image);
// uint8: the first `plane_bytes` bytes of each plane: right for a model of the picture's size, as the sample assumes.
// Behind a smaller plane: zeros.
Bytes raw_planes(const Image& image, std::size_t plane_bytes);

}  // namespace vnpu::programs
