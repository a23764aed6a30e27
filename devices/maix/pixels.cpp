#include "devices/maix/pixels.h"

#include <algorithm>
#include <cstring>

#include "devices/vision/canvas.h"

namespace vnpu::devices::maix {

namespace {

// floor(v * to / from + 1/2) in integers.
constexpr std::uint32_t rescale(std::uint32_t v, std::uint32_t from, std::uint32_t to) {
  return (2 * v * to + from) / (2 * from);
}

struct Components {
  int r, g, b;  // 5, 6, 5 bits
};
Components components(std::uint16_t p) { return {(p >> 3) & 31, ((p & 7) << 3) | (p >> 13), (p >> 8) & 31}; }
std::uint16_t pack(Components c) {
  const auto natural = static_cast<std::uint16_t>(c.r << 11 | c.g << 5 | c.b);
  return static_cast<std::uint16_t>(natural >> 8 | natural << 8);
}

}  // namespace

std::uint16_t to_565(Rgb c) {
  return pack({static_cast<int>(rescale(c[0], 255, 31)), static_cast<int>(rescale(c[1], 255, 63)),
               static_cast<int>(rescale(c[2], 255, 31))});
}

Rgb from_565(std::uint16_t pixel) {
  const Components c = components(pixel);
  return {static_cast<std::uint8_t>(rescale(static_cast<std::uint32_t>(c.r), 31, 255)),
          static_cast<std::uint8_t>(rescale(static_cast<std::uint32_t>(c.g), 63, 255)),
          static_cast<std::uint8_t>(rescale(static_cast<std::uint32_t>(c.b), 31, 255))};
}

std::uint16_t ImageView::pixel(int x, int y) const {
  const std::size_t at = static_cast<std::size_t>(y) * static_cast<std::size_t>(width) + static_cast<std::size_t>(x);
  if (format == PixelFormat::gray) return pixels[at];
  std::uint16_t value;
  std::memcpy(&value, pixels.data() + 2 * at, 2);
  return value;
}

void ImageView::set_pixel(int x, int y, std::uint16_t value) const {
  const std::size_t at = static_cast<std::size_t>(y) * static_cast<std::size_t>(width) + static_cast<std::size_t>(x);
  if (format == PixelFormat::gray) {
    pixels[at] = static_cast<std::uint8_t>(value);
  } else {
    std::memcpy(pixels.data() + 2 * at, &value, 2);
  }
}

Rgb ImageView::rgb(int x, int y) const {
  const std::uint16_t value = pixel(x, y);
  if (format == PixelFormat::rgb565) return from_565(value);
  const auto gray = static_cast<std::uint8_t>(value);
  return {gray, gray, gray};
}

std::uint8_t luminance(Rgb c) { return static_cast<std::uint8_t>((c[0] * 38 + c[1] * 75 + c[2] * 15) >> 7); }

std::uint16_t pixel_value(PixelFormat format, Rgb colour) {
  return format == PixelFormat::gray ? luminance(colour) : to_565(colour);
}

Image to_image(const ImageView& view) {
  Image out;
  out.width = view.width;
  out.height = view.height;
  out.pixels.reserve(std::size_t{3} * static_cast<std::size_t>(view.width) * static_cast<std::size_t>(view.height));
  for (int y = 0; y < view.height; ++y)
    for (int x = 0; x < view.width; ++x)
      for (const std::uint8_t byte : view.rgb(x, y)) out.pixels.push_back(byte);
  return out;
}

void from_image(const Image& image, const ImageView& view) {
  const auto* from = image.pixels.data();
  for (int y = 0; y < view.height; ++y)
    for (int x = 0; x < view.width; ++x, from += 3)
      view.set_pixel(x, y, pixel_value(view.format, {from[0], from[1], from[2]}));
}

void pixels_to_planes(const ImageView& view) {
  const std::size_t count = static_cast<std::size_t>(view.width) * static_cast<std::size_t>(view.height);
  if (view.format == PixelFormat::gray) {
    std::copy_n(view.pixels.begin(), count, view.planes.begin());
    return;
  }
  for (std::size_t i = 0; i < count; ++i) {
    std::uint16_t value;
    std::memcpy(&value, view.pixels.data() + 2 * i, 2);
    const Rgb c = from_565(value);
    for (std::size_t plane = 0; plane < 3; ++plane) view.planes[plane * count + i] = c[plane];
  }
}

void planes_to_pixels(const ImageView& view) {
  const std::size_t count = static_cast<std::size_t>(view.width) * static_cast<std::size_t>(view.height);
  if (view.format == PixelFormat::gray) {
    std::copy_n(view.planes.begin(), count, view.pixels.begin());
    return;
  }
  for (std::size_t i = 0; i < count; ++i) {
    const std::uint16_t value = to_565({view.planes[i], view.planes[count + i], view.planes[2 * count + i]});
    std::memcpy(view.pixels.data() + 2 * i, &value, 2);
  }
}

void resize(const ImageView& from, const ImageView& to) {
  const int w0 = from.width, h0 = from.height, w = to.width, h = to.height;
  if (w0 == w && h0 == h) {
    std::copy_n(from.pixels.begin(), to.pixels.size(), to.pixels.begin());
    return;
  }
  const float sx = static_cast<float>(w0) / static_cast<float>(w), sy = static_cast<float>(h0) / static_cast<float>(h);
  if (w0 >= w || h0 > h) {
    for (int y = 0; y < h; ++y)
      for (int x = 0; x < w; ++x)
        to.set_pixel(x, y,
                     from.pixel(std::min(static_cast<int>(static_cast<float>(x) * sx), w0 - 1),
                                std::min(static_cast<int>(static_cast<float>(y) * sy), h0 - 1)));
    return;
  }
  for (int y = 0; y < h; ++y)
    for (int x = 0; x < w; ++x) {
      const float fx = (static_cast<float>(x) + 0.5f) * sx - 0.5f, fy = (static_cast<float>(y) + 0.5f) * sy - 0.5f;
      const int x0 = std::clamp(static_cast<int>(fx), 0, w0 - 1), y0 = std::clamp(static_cast<int>(fy), 0, h0 - 1);
      if (fx < 0 || fy < 0 || x0 + 1 >= w0 || y0 + 1 >= h0) {  // at the edge: copied
        to.set_pixel(x, y, from.pixel(x0, y0));
        continue;
      }
      const float ax = fx - static_cast<float>(x0), ay = fy - static_cast<float>(y0);
      const auto mix = [&](int a, int b, int c, int d) {
        const float top = static_cast<float>(a) * (1 - ax) + static_cast<float>(b) * ax;
        const float bottom = static_cast<float>(c) * (1 - ax) + static_cast<float>(d) * ax;
        return static_cast<int>(top * (1 - ay) + bottom * ay);
      };
      const std::uint16_t p[4] = {from.pixel(x0, y0), from.pixel(x0 + 1, y0), from.pixel(x0, y0 + 1),
                                  from.pixel(x0 + 1, y0 + 1)};
      if (from.format == PixelFormat::gray) {
        to.set_pixel(x, y, static_cast<std::uint16_t>(mix(p[0], p[1], p[2], p[3])));
        continue;
      }
      const Components c[4] = {components(p[0]), components(p[1]), components(p[2]), components(p[3])};
      to.set_pixel(x, y,
                   pack({mix(c[0].r, c[1].r, c[2].r, c[3].r), mix(c[0].g, c[1].g, c[2].g, c[3].g),
                         mix(c[0].b, c[1].b, c[2].b, c[3].b)}));
    }
}

void copy_pixels(const ImageView& from, const ImageView& to, int x0, int y0) {
  const int top = std::max(0, -y0), bottom = std::min<std::int64_t>(from.height, std::int64_t{to.height} - y0);
  const int left = std::max(0, -x0), right = std::min<std::int64_t>(from.width, std::int64_t{to.width} - x0);
  for (int y = top; y < bottom; ++y)
    for (int x = left; x < right; ++x)
      to.set_pixel(x0 + x, y0 + y,
                   from.format == to.format ? from.pixel(x, y) : pixel_value(to.format, from.rgb(x, y)));
}

void fill_rectangle(const ImageView& view, int x, int y, int w, int h, std::uint16_t value) {
  const auto clip = [](std::int64_t v, int limit) { return static_cast<int>(std::clamp<std::int64_t>(v, 0, limit)); };
  const int x1 = clip(std::int64_t{x} + w, view.width), y1 = clip(std::int64_t{y} + h, view.height);
  for (int yy = clip(y, view.height); yy < y1; ++yy)
    for (int xx = clip(x, view.width); xx < x1; ++xx) view.set_pixel(xx, yy, value);
}

void draw_rectangle(const ImageView& view, int x, int y, int w, int h, std::uint16_t value, int thickness, bool fill) {
  if (fill) {
    fill_rectangle(view, x, y, w, h, value);
    return;
  }
  if (thickness <= 0 || w <= 0 || h <= 0) return;
  // The lines lie about the outline, as far outside as inside; the odd one inside.
  const int outside = (thickness - 1) / 2;
  const auto line = [&](int lx, int ly, int lw, int lh) { fill_rectangle(view, lx, ly, lw, lh, value); };
  line(x - outside, y - outside, w + 2 * outside, thickness);
  line(x - outside, y + h - 1 - (thickness - 1 - outside), w + 2 * outside, thickness);
  line(x - outside, y - outside, thickness, h + 2 * outside);
  line(x + w - 1 - (thickness - 1 - outside), y - outside, thickness, h + 2 * outside);
}

void draw_text(const ImageView& view, int x, int y, const std::string& text, Rgb colour, double scale) {
  if (!(scale > 0 && scale <= 64)) return;
  Image canvas = to_image(view);
  vision::draw_string(canvas, x, y, text, colour, static_cast<float>(scale * 0.8));
  // Only what the letters changed: the rest of the picture has been through the tables already.
  for (int yy = 0; yy < view.height; ++yy)
    for (int xx = 0; xx < view.width; ++xx) {
      const auto* now =
          canvas.pixels.data() +
          3 * (static_cast<std::size_t>(yy) * static_cast<std::size_t>(view.width) + static_cast<std::size_t>(xx));
      const Rgb was = view.rgb(xx, yy), is{now[0], now[1], now[2]};
      if (was != is) view.set_pixel(xx, yy, pixel_value(view.format, is));
    }
}

void invert(const ImageView& view) {
  for (auto& byte : view.pixels) byte = static_cast<std::uint8_t>(~byte);
}

void stretch_contrast(const ImageView& view) {
  if (view.format != PixelFormat::gray || view.pixels.empty()) return;
  const auto [low, high] = std::minmax_element(view.pixels.begin(), view.pixels.end());
  const int from = *low, to = *high;
  if (from == to) return;
  for (auto& byte : view.pixels) byte = static_cast<std::uint8_t>((byte - from) * 255 / (to - from));
}

}  // namespace vnpu::devices::maix
