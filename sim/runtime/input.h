// From what a user has (arrays, raw files, pictures) to the bytes of an input tensor.
#pragma once

#include <cmath>
#include <filesystem>
#include <string>
#include <vector>

#include "base/image.h"
#include "sim/core/network.h"

namespace vnpu {

// What an integer input stores for a number, before it is clamped: x * qscale + zero_point, half away from zero, each
// step rounded in F. The zero point counts before the rounding, as in the converter package's own runner.
template <class F>
F stored_number(F x, const TensorInfo& input) {
  const F product = x * static_cast<F>(input.qscale != 0 ? input.qscale : 1);
  const F y = product + static_cast<F>(input.zero_point);
  const F rounded = std::floor(std::abs(y) + F(0.5));
  return y < 0 ? -rounded : rounded;
}

// Numbers of any type to the input's storage. Same element size and count: bytes are taken as they are (bf16 may come
// as u16). Otherwise numbers are converted as the vendors' tools do at the boundary: integers: stored_number, clamped;
// bf16: truncation, exponent 255 to 0x7F7F; f16: nearest even; f32: the number itself. Throws Error(usage) when the
// count does not fit.
Bytes to_input_bytes(const Tensor& value, const TensorInfo& input);

// Preprocessing for models whose input is not an image by itself (not fused): x = (pixel - mean) * scale.
struct ImagePreprocess {
  std::vector<float> mean, scale;     // per channel or one for all; empty: the file's own, which must exist
  std::string channel_order = "rgb";  // or "bgr": order of the planes
  bool keep_aspect = false;           // letterbox instead of stretching
};

// A picture to the bytes of an input: fused models get pixels in their own format and alignment, others get
// (pixel - mean) * scale in the tensor's storage. Throws Error(usage) when the model does not say how and the caller
// does not either, or when the input is not of the form of an image.
Bytes to_input_bytes(const Image& image, const TensorInfo& input, const ImagePreprocess& preprocess);

// One -i argument: "FILE" or "NAME=FILE".
struct InputArgument {
  std::string name;  // empty: by the names in the npz, else the first input
  std::filesystem::path file;
};
InputArgument parse_input_argument(const std::string& text);

// Reads the files (.npz, .npy, .jpg/.png by content, anything else raw bytes) and sets all inputs of the network.
// Throws Error(usage) when an input of the network got nothing.
void set_inputs(Network& network, const std::vector<InputArgument>& arguments, const ImagePreprocess& preprocess);

}  // namespace vnpu
