// The image module.
#include <algorithm>

#include "base/error.h"
#include "devices/maix/views.h"

namespace vnpu::devices::maix {

namespace {

const Credentials nobody_asks{};
constexpr int most_side = 4096;
constexpr std::int64_t camera_memory = -1;

std::span<std::uint8_t> memory_of(CallContext& c, std::int64_t address, std::size_t bytes, Bytes& of_camera) {
  if (address == camera_memory) {
    if (of_camera.size() < bytes) throw GuestError{"ValueError", "the frame is gone"};
    return {of_camera.data(), bytes};
  }
  return c.memory.at(static_cast<std::uint64_t>(address), bytes);
}

int side(std::int64_t value) {
  if (value < 1 || value > most_side) throw GuestError{"ValueError", "image size"};
  return static_cast<int>(value);
}

int coordinate(const Arguments& a, std::size_t i) {
  return static_cast<int>(std::clamp<std::int64_t>(integer(a, i), -32768, 32767));
}

void save(CallContext& c, const ImageView& view, const std::string& path) {
  const bool png = path.size() > 4 && path.substr(path.size() - 4) == ".png";
  const Image image = to_image(view);
  const Bytes bytes = png ? encode_png(image) : encode_jpeg(image, 95);
  const Errno error =
      c.hardware.files.write_file(nobody_asks, path, {reinterpret_cast<const char*>(bytes.data()), bytes.size()});
  if (error != Errno::ok) throw GuestError{"OSError", static_cast<int>(error)};
}

Image load(CallContext& c, const std::string& path) {
  auto bytes = c.hardware.files.read_file(nobody_asks, path, std::uint64_t{32} << 20);
  if (!bytes) throw GuestError{"OSError", static_cast<int>(bytes.error())};
  try {
    return decode_image(std::span(reinterpret_cast<const std::uint8_t*>(bytes->data()), bytes->size()),
                        most_side * most_side);
  } catch (const Error&) {
    throw GuestError{"OSError", static_cast<int>(Errno::inval)};
  }
}

}  // namespace

ImageView view_of(CallContext& c, const nlohmann::json& image) {
  ImageView view;
  view.width = side(integer(image, 0));
  view.height = side(integer(image, 1));
  view.format = integer(image, 2) == 1 ? PixelFormat::gray : PixelFormat::rgb565;
  const std::size_t count = static_cast<std::size_t>(view.width) * static_cast<std::size_t>(view.height);
  const bool gray = view.format == PixelFormat::gray;
  view.pixels = memory_of(c, integer(image, 3), count * (gray ? 1 : 2), c.hardware.sensor.pixels);
  if (const std::int64_t planes = integer(image, 4))
    view.planes = memory_of(c, planes, count * (gray ? 1 : 3), c.hardware.sensor.planes);
  return view;
}

Rgb rgb_of_colour(PixelFormat format, const nlohmann::json& colour) {
  if (colour.is_array()) {
    Rgb out{};
    for (std::size_t i = 0; i < 3; ++i)
      out[i] = static_cast<std::uint8_t>(std::clamp<std::int64_t>(integer(colour, i), 0, 255));
    return out;
  }
  const auto value = static_cast<std::uint16_t>(integer(nlohmann::json::array({colour}), 0));
  if (format == PixelFormat::rgb565) return from_565(value);
  const auto gray = static_cast<std::uint8_t>(value);
  return {gray, gray, gray};
}

std::uint16_t value_of_colour(PixelFormat format, const nlohmann::json& colour) {
  if (colour.is_array()) return pixel_value(format, rgb_of_colour(format, colour));
  return static_cast<std::uint16_t>(integer(nlohmann::json::array({colour}), 0));
}

void add_image_calls(CallTable& table) {
  auto loaded = std::make_shared<Image>();
  table["img.load"] = [loaded](CallContext& c, const Arguments& a) -> nlohmann::json {
    *loaded = load(c, text(a, 0));
    return {loaded->width, loaded->height};
  };
  table["img.loaded"] = [loaded](CallContext& c, const Arguments& a) {
    const ImageView view = view_of(c, a.at(0));
    if (view.width != loaded->width || view.height != loaded->height) throw GuestError{"ValueError", "image size"};
    from_image(*loaded, view);
    *loaded = {};
    return nullptr;
  };
  table["img.save"] = [](CallContext& c, const Arguments& a) {
    save(c, view_of(c, a.at(0)), text(a, 1));
    return nullptr;
  };
  table["img.fill"] = [](CallContext& c, const Arguments& a) {
    const ImageView view = view_of(c, a.at(0));
    fill_rectangle(view, 0, 0, view.width, view.height, value_of_colour(view.format, a.at(1)));
    return nullptr;
  };
  table["img.rectangle"] = [](CallContext& c, const Arguments& a) {  // x y w h colour thickness fill
    const ImageView view = view_of(c, a.at(0));
    draw_rectangle(view, coordinate(a, 1), coordinate(a, 2), coordinate(a, 3), coordinate(a, 4),
                   value_of_colour(view.format, a.at(5)), std::clamp(coordinate(a, 6), 0, 256), flag(a, 7));
    return nullptr;
  };
  table["img.line"] = [](CallContext& c, const Arguments& a) {  // x0 y0 x1 y1 colour
    const ImageView view = view_of(c, a.at(0));
    const std::uint16_t value = value_of_colour(view.format, a.at(5));
    int x = coordinate(a, 1), y = coordinate(a, 2);
    const int x1 = coordinate(a, 3), y1 = coordinate(a, 4);
    const int dx = std::abs(x1 - x), dy = -std::abs(y1 - y), step_x = x < x1 ? 1 : -1, step_y = y < y1 ? 1 : -1;
    for (int error = dx + dy;;) {
      fill_rectangle(view, x, y, 1, 1, value);
      if (x == x1 && y == y1) break;
      const int twice = 2 * error;
      if (twice >= dy) {
        error += dy;
        x += step_x;
      }
      if (twice <= dx) {
        error += dx;
        y += step_y;
      }
    }
    return nullptr;
  };
  table["img.text"] = [](CallContext& c, const Arguments& a) {  // x y text colour scale
    const ImageView view = view_of(c, a.at(0));
    draw_text(view, coordinate(a, 1), coordinate(a, 2), text(a, 3), rgb_of_colour(view.format, a.at(4)), number(a, 5));
    return nullptr;
  };
  table["img.get"] = [](CallContext& c, const Arguments& a) -> nlohmann::json {
    const ImageView view = view_of(c, a.at(0));
    const int x = coordinate(a, 1), y = coordinate(a, 2);
    if (x < 0 || y < 0 || x >= view.width || y >= view.height) return nullptr;
    if (view.format == PixelFormat::gray) return view.pixel(x, y);
    return view.rgb(x, y);
  };
  table["img.set"] = [](CallContext& c, const Arguments& a) {
    const ImageView view = view_of(c, a.at(0));
    fill_rectangle(view, coordinate(a, 1), coordinate(a, 2), 1, 1, value_of_colour(view.format, a.at(3)));
    return nullptr;
  };
  table["img.resize"] = [](CallContext& c, const Arguments& a) {
    const ImageView from = view_of(c, a.at(0)), to = view_of(c, a.at(1));
    if (from.format != to.format) throw GuestError{"ValueError", "format"};
    resize(from, to);
    return nullptr;
  };
  table["img.copy"] = [](CallContext& c, const Arguments& a) {
    copy_pixels(view_of(c, a.at(0)), view_of(c, a.at(1)), coordinate(a, 2), coordinate(a, 3));
    return nullptr;
  };
  table["img.invert"] = [](CallContext& c, const Arguments& a) {
    invert(view_of(c, a.at(0)));
    return nullptr;
  };
  table["img.stretch"] = [](CallContext& c, const Arguments& a) {
    stretch_contrast(view_of(c, a.at(0)));
    return nullptr;
  };
  table["img.to_planes"] = [](CallContext& c, const Arguments& a) {
    const ImageView view = view_of(c, a.at(0));
    if (view.planes.empty()) throw GuestError{"ValueError", "pix_ai"};
    pixels_to_planes(view);
    return nullptr;
  };
  table["img.to_pixels"] = [](CallContext& c, const Arguments& a) {
    const ImageView view = view_of(c, a.at(0));
    if (view.planes.empty()) throw GuestError{"ValueError", "pix_ai"};
    planes_to_pixels(view);
    return nullptr;
  };
}

}  // namespace vnpu::devices::maix
