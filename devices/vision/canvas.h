// Drawing and fitting of pictures as MaixPy 4 does it: OpenCV calls on the raw buffer. Source: docs/detect.md.
#pragma once

#include <array>
#include <string>

#include "base/image.h"
#include "devices/vision/yolo.h"

namespace vnpu::vision {

using Colour = std::array<std::uint8_t, 3>;  // R G B

// Coordinates may lie outside of the picture. Thickness -1 fills.
void draw_rect(Image& image, int x, int y, int w, int h, Colour colour, int thickness = 1);
void draw_line(Image& image, int x1, int y1, int x2, int y2, Colour colour, int thickness = 1);
void draw_circle(Image& image, int x, int y, int radius, Colour colour, int thickness = 1);
// Upper left corner; ends of line start new lines. Text that leaves the picture is cut: MaixPy's `wrap` looks at a size
// that is never set, and so wraps nothing.
void draw_string(Image& image, int x, int y, const std::string& text, Colour colour, float scale = 1,
                 int thickness = -1, int line_space = 4);

struct TextSize {
  int width = 0, height = 0, baseline = 0;
};
TextSize string_size(const std::string& text, float scale = 1, int thickness = 1);

// The picture brought to another size.
Image fit_picture(const Image& image, int height, int width, Fit fit);

}  // namespace vnpu::vision
