// Images: JPEG and PNG in, PNG out, resizing, and the pixel layouts that device inputs want.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string_view>

#include "base/bytes.h"

namespace vnpu {

struct Image {
  int height = 0, width = 0;
  int channels = 3;  // 3: R G B; 1: gray
  Bytes pixels;      // height * width * channels, rows without padding
};

inline constexpr std::int64_t max_image_pixels = std::int64_t{64} << 20;

// JPEG or PNG, by the first bytes, always to three channels: gray is expanded, alpha dropped, 16 bits cut to 8. No
// colour management; orientation: base/exif.h. Throws Error(damaged), and Error(unsupported) for CMYK JPEGs, other
// formats and images over max_pixels.
Image decode_image(ByteView file, std::int64_t max_pixels = max_image_pixels);
Image read_image(const std::filesystem::path& path);

Bytes encode_png(const Image& image);  // 3 or 1 channels
Bytes encode_jpeg(const Image& image, int quality = 95);

// OpenCV's INTER_LINEAR, which the vendors' tools use. Sides of 1 to 65535.
Image resize(const Image& image, int height, int width);

// The image scaled by the same factor in both directions into height x width, centred on black.
struct Letterbox {
  Image image;
  double scale = 1;       // scaled size = truncated (original size * scale)
  int top = 0, left = 0;  // where the scaled image starts
};
Letterbox letterbox(const Image& image, int height, int width);

// The bytes of a device input buffer of an image of height x width (the image must have that size):
// RGB_PLANAR, BGR_PLANAR, RGB_PACKED, BGR_PACKED, GRAYSCALE, YUV420_PLANAR, YUV_NV12, YUV_NV21.
// `aligned`: rows padded with zeros as the camera path delivers them: 64 bytes a row, 128 for the luminance of
// YUV420_PLANAR. YUV is always aligned and needs even sides. An aligned packed buffer can be longer than the size the
// converter writes into the model: the caller cuts or extends it with zeros to the tensor's size.
// YUV is BT.601 limited range with the converter's own coefficients, chroma from the upper left pixel of four.
// Throws Error(usage) for another format or size.
Bytes to_device_pixels(const Image& image, std::string_view pixel_format, bool aligned, int height, int width);

}  // namespace vnpu
