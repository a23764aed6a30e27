#include "devices/vision/canvas.h"

#include <algorithm>
#include <cmath>
#include <opencv2/imgproc.hpp>

#include "base/error.h"

namespace vnpu::vision {
namespace {

constexpr int font = cv::FONT_HERSHEY_PLAIN;
constexpr int far = 1 << 15;  // coordinates beyond any picture, within OpenCV's fixed point
constexpr int widest = 255;   // OpenCV's limit of a line

cv::Mat mat(Image& image) {
  return cv::Mat(image.height, image.width, image.channels == 1 ? CV_8UC1 : CV_8UC3, image.pixels.data());
}

cv::Scalar scalar(const Colour& colour) { return {double(colour[0]), double(colour[1]), double(colour[2])}; }
int near(int value) { return std::clamp(value, -far, far); }
int width_of(int thickness) { return std::clamp(thickness == 0 ? 1 : thickness, -1, widest); }
double size_of_text(float scale) { return std::clamp(static_cast<double>(scale), 0.01, 100.0); }

}  // namespace

void draw_rect(Image& image, int x, int y, int w, int h, Colour colour, int thickness) {
  cv::Mat canvas = mat(image);
  // A rectangle that leaves the picture is cut one pixel outside of it, as newer OpenCV does: thick edges stay visible.
  const cv::Rect cut =
      cv::Rect(near(x), near(y), near(w), near(h)) & cv::Rect(-1, -1, image.width + 2, image.height + 2);
  if (!cut.empty()) cv::rectangle(canvas, cut.tl(), cut.br() - cv::Point(1, 1), scalar(colour), width_of(thickness));
}

void draw_line(Image& image, int x1, int y1, int x2, int y2, Colour colour, int thickness) {
  cv::Mat canvas = mat(image);
  cv::line(canvas, {near(x1), near(y1)}, {near(x2), near(y2)}, scalar(colour), std::max(width_of(thickness), 1));
}

void draw_circle(Image& image, int x, int y, int radius, Colour colour, int thickness) {
  if (radius < 0) return;
  cv::Mat canvas = mat(image);
  cv::circle(canvas, {near(x), near(y)}, near(radius), scalar(colour), width_of(thickness));
}

TextSize string_size(const std::string& text, float scale, int thickness) {
  TextSize out;
  const auto size =
      cv::getTextSize(text, font, size_of_text(scale), std::max(std::abs(width_of(thickness)), 1), &out.baseline);
  out.width = size.width;
  out.height = size.height;
  return out;
}

void draw_string(Image& image, int x, int y, const std::string& text, Colour colour, float scale, int thickness,
                 int line_space) {
  if (text.empty()) return;
  cv::Mat canvas = mat(image);
  const int pen = std::max(std::abs(width_of(thickness)), 1);
  const TextSize first = string_size(text.substr(0, 1), scale, pen);
  int line_y = y + first.height;
  std::string line;
  const auto flush = [&] {
    cv::putText(canvas, line, {near(x), near(line_y)}, font, size_of_text(scale), scalar(colour), pen, cv::LINE_AA);
    line.clear();
    line_y += first.height + first.baseline + line_space;
  };
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (c == '\r' && i + 1 < text.size() && text[i + 1] == '\n') continue;
    if (c == '\n') {
      flush();
      continue;
    }
    if (line_y - first.height > image.height) return;
    line += c;
  }
  flush();
}

Image fit_picture(const Image& image, int height, int width, Fit fit) {
  if (height < 1 || width < 1 || std::int64_t{height} * width > max_image_pixels)
    throw Error(ErrorKind::usage, "picture of " + std::to_string(width) + "x" + std::to_string(height));
  Image out{height, width, image.channels, {}};
  out.pixels.resize(static_cast<std::size_t>(height) * static_cast<std::size_t>(width) *
                    static_cast<std::size_t>(image.channels));
  cv::Mat target = mat(out);
  const cv::Mat source = mat(const_cast<Image&>(image));
  if (fit == Fit::fill) {
    cv::resize(source, target, target.size(), 0, 0, cv::INTER_NEAREST);
    return out;
  }
  if (fit == Fit::letterbox) {
    const double scale = std::min(static_cast<double>(width) / image.width, static_cast<double>(height) / image.height);
    const int w = std::max(static_cast<int>(image.width * scale), 1),
              h = std::max(static_cast<int>(image.height * scale), 1);
    target.setTo(cv::Scalar::all(114));
    cv::Mat inside = target(cv::Rect((width - w) / 2, (height - h) / 2, w, h));
    cv::resize(source, inside, inside.size(), 0, 0, cv::INTER_LINEAR);
    return out;
  }
  const float across = static_cast<float>(width) / static_cast<float>(image.width);
  const float down = static_cast<float>(height) / static_cast<float>(image.height);
  const double scale = fit == Fit::contain ? std::min(across, down) : std::max(across, down);
  if (std::lround(image.width * scale) < 1 || std::lround(image.height * scale) < 1 ||
      image.width * scale * image.height * scale > static_cast<double>(max_image_pixels)) {
    throw Error(ErrorKind::usage, "a picture of " + std::to_string(image.width) + "x" + std::to_string(image.height) +
                                      " does not fit into " + std::to_string(width) + "x" + std::to_string(height));
  }
  cv::Mat scaled;
  cv::resize(source, scaled, {}, scale, scale, cv::INTER_NEAREST);
  const int w = std::min(scaled.cols, width), h = std::min(scaled.rows, height);
  scaled(cv::Rect((scaled.cols - w) / 2, (scaled.rows - h) / 2, w, h))
      .copyTo(target(cv::Rect((width - w) / 2, (height - h) / 2, w, h)));
  return out;
}

}  // namespace vnpu::vision
