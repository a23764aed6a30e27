// A fitted picture to the bytes of a detector's input, by MaixPy 4's arithmetic. Source: docs/detect.md.
#pragma once

#include <vector>

#include "base/image.h"
#include "sim/core/network.h"

namespace vnpu::vision {

struct PictureSize {
  int height = 0, width = 0;
};

// Of an input [1, 3, h, w] or, with a last dimension of 4 or less, [1, h, w, 3]. Throws Error(usage) for others.
PictureSize picture_size(const TensorInfo& input);

// int8: nearest even of (p - mean) * f32(scale * qscale), saturated; float: (p - mean) * scale; fused models (uint8)
// get the pixels in their own format, which MaixPy itself refuses. `mean` and `scale`: one number or three.
Bytes picture_input(const Image& image, const TensorInfo& input, bool bgr, const std::vector<float>& mean,
                    const std::vector<float>& scale);

// The same for inputs of any type, (p - mean) * scale stored as sim/runtime/input.h says.
Bytes picture_numbers(const Image& image, const TensorInfo& input, bool bgr, const std::vector<float>& mean,
                      const std::vector<float>& scale);

}  // namespace vnpu::vision
