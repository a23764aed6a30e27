#include "devices/programs/classifier_input.h"

#include <algorithm>
#include <array>
#include <cmath>

namespace vnpu::programs {
namespace {

constexpr std::array<double, 3> mean{103.94, 116.78, 123.68};  // B, G, R
constexpr double scale = 0.017;

std::uint8_t pixel(const Image& image, std::size_t i, std::size_t plane) { return image.pixels[i * 3 + 2 - plane]; }

}  // namespace

Bytes quantised_planes(const Image& image, float qscale) {
  const std::size_t count = image.pixels.size() / 3;
  Bytes out(3 * count);
  for (std::size_t c = 0; c < 3; ++c) {
    const auto factor = static_cast<float>(scale * qscale), offset = static_cast<float>(-mean[c] * scale * qscale);
    for (std::size_t i = 0; i < count; ++i) {
      const float product = static_cast<float>(pixel(image, i, c)) * factor;
      const float value = std::nearbyint(product + offset);
      out[c * count + i] = static_cast<std::uint8_t>(
          static_cast<std::int8_t>(std::isnan(value) ? 0.0f : std::clamp(value, -128.0f, 127.0f)));
    }
  }
  return out;
}

std::vector<float> normalised_planes(const Image& image) {
  const std::size_t count = image.pixels.size() / 3;
  std::vector<float> out(3 * count);
  for (std::size_t c = 0; c < 3; ++c) {
    const auto offset = static_cast<float>(-mean[c] * scale);
    for (std::size_t i = 0; i < count; ++i)
      out[c * count + i] = std::fma(static_cast<float>(pixel(image, i, c)), static_cast<float>(scale), offset);
  }
  return out;
}

Bytes raw_planes(const Image& image, std::size_t plane_bytes) {
  Bytes out(3 * plane_bytes);
  for (std::size_t c = 0; c < 3; ++c) {
    for (std::size_t i = 0; i < std::min(plane_bytes, image.pixels.size() / 3); ++i)
      out[c * plane_bytes + i] = pixel(image, i, c);
  }
  return out;
}

}  // namespace vnpu::programs
