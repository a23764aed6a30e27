// The two forms of a picture on the board: RGB565 or gray pixels, and planes of bytes for the KPU; and what the image
// module does to them. Laws: docs/board_maix_k210.md, "Pictures".
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <string>

#include "base/image.h"

namespace vnpu::devices::maix {

enum class PixelFormat : int { rgb565 = 0, gray = 1 };

using Rgb = std::array<std::uint8_t, 3>;

// A pixel as it lies in memory: 565 with its two bytes exchanged.
std::uint16_t to_565(Rgb colour);
Rgb from_565(std::uint16_t pixel);

struct ImageView {
  int width = 0, height = 0;
  PixelFormat format = PixelFormat::rgb565;
  std::span<std::uint8_t> pixels;  // 2 or 1 bytes each
  std::span<std::uint8_t> planes;  // R, G, B or one plane; empty: none

  std::uint16_t pixel(int x, int y) const;
  void set_pixel(int x, int y, std::uint16_t value) const;  // within
  Rgb rgb(int x, int y) const;
};

std::uint8_t luminance(Rgb colour);
// The value that shows a colour in a picture of that format.
std::uint16_t pixel_value(PixelFormat format, Rgb colour);

Image to_image(const ImageView& view);                       // three channels
void from_image(const Image& image, const ImageView& view);  // pixels only; of the same size
void pixels_to_planes(const ImageView& view);
void planes_to_pixels(const ImageView& view);
// The firmware's resize: nearest where a side shrinks, else bilinear on the components.
void resize(const ImageView& from, const ImageView& to);
void copy_pixels(const ImageView& from, const ImageView& to, int x, int y);  // clipped; converts formats
void fill_rectangle(const ImageView& view, int x, int y, int w, int h, std::uint16_t value);
void draw_rectangle(const ImageView& view, int x, int y, int w, int h, std::uint16_t value, int thickness, bool fill);
void draw_text(const ImageView& view, int x, int y, const std::string& text, Rgb colour, double scale);
void invert(const ImageView& view);
void stretch_contrast(const ImageView& view);

}  // namespace vnpu::devices::maix
