#include "devices/vision/picture_input.h"

#include <algorithm>
#include <cmath>
#include <cstring>

#include "base/error.h"
#include "sim/runtime/input.h"

namespace vnpu::vision {
namespace {

bool is_packed(const TensorInfo& input) { return input.image.shape.size() == 4 && input.image.shape[3] <= 4; }

void check_numbers(const TensorInfo& input, const std::vector<float>& mean, const std::vector<float>& scale) {
  const auto fits = [](const std::vector<float>& v) { return v.size() == 1 || v.size() == 3; };
  if (!fits(mean) || !fits(scale)) {
    throw Error(ErrorKind::usage,
                "input '" + input.name + "' takes numbers: mean and scale must be given, one or three");
  }
}

}  // namespace

PictureSize picture_size(const TensorInfo& input) {
  const Shape& s = input.image.shape;
  const bool packed = is_packed(input);
  const auto side = [&](std::size_t i) { return s[i] >= 1 && s[i] <= 65535; };
  if (s.size() != 4 || s[0] != 1 || s[packed ? 3 : 1] != 3 || !side(packed ? 1 : 2) || !side(packed ? 2 : 3))
    throw Error(ErrorKind::usage, "input '" + input.name + "' of shape " + to_string(s) + " is not one colour picture");
  return {static_cast<int>(s[packed ? 1 : 2]), static_cast<int>(s[packed ? 2 : 3])};
}

Bytes picture_input(const Image& image, const TensorInfo& input, bool bgr, const std::vector<float>& mean,
                    const std::vector<float>& scale) {
  const PictureSize size = picture_size(input);
  if (!input.image.pixel_format.empty()) {
    Bytes bytes = to_device_pixels(image, input.image.pixel_format, input.image.aligned, size.height, size.width);
    bytes.resize(input.byte_size);
    return bytes;
  }
  check_numbers(input, mean, scale);
  if (input.dtype != DType::i8 && input.dtype != DType::f32) {
    throw Error(ErrorKind::unsupported, "input '" + input.name + "' of type " + std::string(name(input.dtype)) +
                                            ": only int8 and float32 input");
  }
  const bool packed = is_packed(input);
  const std::size_t area = static_cast<std::size_t>(size.height) * static_cast<std::size_t>(size.width);
  const std::size_t element = size_of(input.dtype);
  Bytes out(3 * area * element);
  for (std::size_t c = 0; c < 3; ++c) {
    const float m = mean[mean.size() == 3 ? c : 0], s = scale[scale.size() == 3 ? c : 0];
    const float factor = s * static_cast<float>(input.qscale);
    for (std::size_t i = 0; i < area; ++i) {
      const float centred = static_cast<float>(image.pixels[i * 3 + (bgr ? 2 - c : c)]) - m;
      const std::size_t at = packed ? i * 3 + c : c * area + i;
      if (input.dtype == DType::f32) {
        const float value = centred * s;
        std::memcpy(&out[at * element], &value, element);
      } else {
        const float value = std::nearbyint(centred * factor);
        out[at] = static_cast<std::uint8_t>(
            static_cast<std::int8_t>(std::isnan(value) ? 0.0f : std::clamp(value, -128.0f, 127.0f)));
      }
    }
  }
  return out;
}

Bytes picture_numbers(const Image& image, const TensorInfo& input, bool bgr, const std::vector<float>& mean,
                      const std::vector<float>& scale) {
  TensorInfo floats = input;
  floats.dtype = DType::f32;
  floats.image.pixel_format.clear();
  const Bytes numbers = picture_input(image, floats, bgr, mean, scale);
  return to_input_bytes(Tensor{DType::f32, input.image.shape, numbers}, input);
}

}  // namespace vnpu::vision
