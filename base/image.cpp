#include "base/image.h"

#include <algorithm>
#include <opencv2/imgproc.hpp>

#include "base/error.h"
#include "base/image_codecs.h"

namespace vnpu {
namespace {

constexpr int max_side = 65535;

void check(const Image& image) {
  if (image.height < 1 || image.width < 1 || (image.channels != 1 && image.channels != 3) ||
      image.pixels.size() != static_cast<std::uint64_t>(image.height) * static_cast<std::uint64_t>(image.width) *
                                 static_cast<std::uint64_t>(image.channels)) {
    throw Error(ErrorKind::usage, "image of " + std::to_string(image.width) + "x" + std::to_string(image.height) +
                                      " pixels and " + std::to_string(image.channels) + " channels holds " +
                                      std::to_string(image.pixels.size()) + " bytes");
  }
}

// A header over the image's own pixels; OpenCV only reads them.
cv::Mat as_mat(const Image& image) {
  return cv::Mat(image.height, image.width, CV_8UC(image.channels), const_cast<std::uint8_t*>(image.pixels.data()));
}

std::size_t align(std::size_t value, std::size_t to) { return (value + to - 1) / to * to; }

Bytes planar(const Image& image, bool bgr, std::size_t row) {
  const auto h = static_cast<std::size_t>(image.height), w = static_cast<std::size_t>(image.width);
  Bytes out(3 * h * row);
  for (std::size_t c = 0; c < 3; ++c) {
    for (std::size_t y = 0; y < h; ++y) {
      for (std::size_t x = 0; x < w; ++x) {
        out[(c * h + y) * row + x] = image.pixels[(y * w + x) * 3 + (bgr ? 2 - c : c)];
      }
    }
  }
  return out;
}

Bytes packed(const Image& image, bool bgr, std::size_t row) {
  const auto h = static_cast<std::size_t>(image.height), w = static_cast<std::size_t>(image.width);
  Bytes out(h * row);
  for (std::size_t y = 0; y < h; ++y) {
    for (std::size_t i = 0; i < 3 * w; ++i) {
      out[y * row + i] = image.pixels[y * w * 3 + (bgr ? i - i % 3 + 2 - i % 3 : i)];
    }
  }
  return out;
}

Bytes gray(const Image& image, std::size_t row) {
  cv::Mat mat = as_mat(image);
  if (image.channels == 3) {
    cv::Mat converted;
    cv::cvtColor(mat, converted, cv::COLOR_RGB2GRAY);
    mat = converted;
  }
  Bytes out(static_cast<std::size_t>(image.height) * row);
  for (int y = 0; y < image.height; ++y) {
    std::copy_n(mat.ptr(y), image.width, out.begin() + static_cast<std::ptrdiff_t>(static_cast<std::size_t>(y) * row));
  }
  return out;
}

struct Yuv {
  std::uint8_t y, u, v;
};

// Coefficients of the converter's own YUV preparation, in double, truncated.
Yuv to_yuv(const std::uint8_t* rgb) {
  const double r = rgb[0], g = rgb[1], b = rgb[2];
  const auto clip = [](double v) { return static_cast<std::uint8_t>(std::clamp(static_cast<int>(v), 0, 255)); };
  return {clip(0.2569 * r + 0.5044 * g + 0.0979 * b + 16), clip(-0.1483 * r - 0.2911 * g + 0.4394 * b + 128),
          clip(0.4394 * r - 0.3679 * g - 0.0715 * b + 128)};
}

enum class Chroma { planar, uv, vu };

Bytes yuv420(const Image& image, Chroma chroma) {
  const auto h = static_cast<std::size_t>(image.height), w = static_cast<std::size_t>(image.width);
  if (h % 2 || w % 2) throw Error(ErrorKind::usage, "YUV 4:2:0 needs even sides");
  const std::size_t y_row = align(w, chroma == Chroma::planar ? 128 : 64);
  const std::size_t c_row = chroma == Chroma::planar ? align(w / 2, 64) : align(w, 64);
  const std::size_t u_plane = h * y_row;
  const std::size_t v_plane = u_plane + h / 2 * c_row;
  Bytes out(chroma == Chroma::planar ? v_plane + h / 2 * c_row : v_plane);
  for (std::size_t y = 0; y < h; ++y) {
    for (std::size_t x = 0; x < w; ++x) {
      const auto yuv = to_yuv(&image.pixels[(y * w + x) * 3]);
      out[y * y_row + x] = yuv.y;
      if (y % 2 || x % 2) continue;
      const std::size_t line = y / 2 * c_row;
      if (chroma == Chroma::planar) {
        out[u_plane + line + x / 2] = yuv.u;
        out[v_plane + line + x / 2] = yuv.v;
      } else {
        out[u_plane + line + x] = chroma == Chroma::uv ? yuv.u : yuv.v;
        out[u_plane + line + x + 1] = chroma == Chroma::uv ? yuv.v : yuv.u;
      }
    }
  }
  return out;
}

}  // namespace

Image decode_image(ByteView file, std::int64_t max_pixels) {
  if (file.size() >= 3 && file.u8(0, "image") == 0xff && file.u8(1, "image") == 0xd8)
    return decode_jpeg(file, max_pixels);
  if (file.size() >= 8 && file.u64(0, "image") == 0x0a1a0a0d474e5089) return decode_png(file, max_pixels);
  throw Error(ErrorKind::unsupported, file.file_offset(), "image", "neither JPEG nor PNG");
}

Image read_image(const std::filesystem::path& path) {
  try {
    return decode_image(ByteView(read_file(path, std::uint64_t{1} << 30)));
  } catch (const Error& error) {
    throw with_context(error, path.string());
  }
}

Image resize(const Image& image, int height, int width) {
  check(image);
  if (height < 1 || width < 1 || height > max_side || width > max_side ||
      std::int64_t{height} * width > max_image_pixels) {
    throw Error(ErrorKind::usage, "resize to " + std::to_string(width) + "x" + std::to_string(height));
  }
  if (height == image.height && width == image.width) return image;
  Image out{height, width, image.channels, {}};
  out.pixels.resize(static_cast<std::size_t>(height) * static_cast<std::size_t>(width) *
                    static_cast<std::size_t>(image.channels));
  cv::Mat target = as_mat(out);
  cv::resize(as_mat(image), target, target.size(), 0, 0, cv::INTER_LINEAR);
  return out;
}

Letterbox letterbox(const Image& image, int height, int width) {
  check(image);
  Letterbox out;
  out.scale = std::min(static_cast<double>(height) / image.height, static_cast<double>(width) / image.width);
  const int h = std::clamp(static_cast<int>(image.height * out.scale), 1, std::max(height, 1));
  const int w = std::clamp(static_cast<int>(image.width * out.scale), 1, std::max(width, 1));
  const auto inner = resize(image, h, w);
  out.top = (height - h) / 2;
  out.left = (width - w) / 2;
  out.image = {height, width, image.channels, {}};
  const auto channels = static_cast<std::size_t>(image.channels);
  const std::size_t row = static_cast<std::size_t>(width) * channels,
                    inner_row = static_cast<std::size_t>(w) * channels;
  out.image.pixels.resize(static_cast<std::size_t>(height) * row);
  for (int y = 0; y < h; ++y) {
    std::copy_n(
        &inner.pixels[static_cast<std::size_t>(y) * inner_row], inner_row,
        &out.image.pixels[static_cast<std::size_t>(y + out.top) * row + static_cast<std::size_t>(out.left) * channels]);
  }
  return out;
}

Bytes to_device_pixels(const Image& image, std::string_view format, bool aligned, int height, int width) {
  check(image);
  if (image.height != height || image.width != width) {
    throw Error(ErrorKind::usage, "image is " + std::to_string(image.width) + "x" + std::to_string(image.height) +
                                      ", the input wants " + std::to_string(width) + "x" + std::to_string(height));
  }
  if (image.channels == 1 && format != "GRAYSCALE") {
    throw Error(ErrorKind::usage, "a gray image does not give " + std::string(format));
  }
  const auto w = static_cast<std::size_t>(width);
  const auto row = [aligned](std::size_t bytes) { return aligned ? align(bytes, 64) : bytes; };
  if (format == "RGB_PLANAR" || format == "BGR_PLANAR") return planar(image, format[0] == 'B', row(w));
  if (format == "RGB_PACKED" || format == "BGR_PACKED") return packed(image, format[0] == 'B', row(3 * w));
  if (format == "GRAYSCALE") return gray(image, row(w));
  if (format == "YUV420_PLANAR") return yuv420(image, Chroma::planar);
  if (format == "YUV_NV12") return yuv420(image, Chroma::uv);
  if (format == "YUV_NV21") return yuv420(image, Chroma::vu);
  throw Error(ErrorKind::usage, "pixel format '" + std::string(format) + "'");
}

}  // namespace vnpu
