// The sensor and lcd modules.
#include <algorithm>

#include "devices/maix/views.h"

namespace vnpu::devices::maix {

namespace {

constexpr std::uint64_t second = 1'000'000'000;

std::uint64_t round_up(std::uint64_t value, std::uint64_t to) { return (value + to - 1) / to * to; }

// Both memories of the camera port, once or twice.
bool take_memory(Hardware& hardware, bool twice) {
  Sensor& sensor = hardware.sensor;
  sensor.memory = {};
  sensor.pixels.clear();
  sensor.planes.clear();
  const auto count = static_cast<std::uint64_t>(sensor.width) * static_cast<std::uint64_t>(sensor.height);
  auto block = hardware.heap.take((round_up(2 * count, 128) + round_up(3 * count, 64)) * (twice ? 2 : 1));
  if (!block) return false;
  sensor.memory = std::move(*block);
  sensor.pixels.assign(2 * count, 0);
  sensor.planes.assign(3 * count, 0);
  return true;
}

nlohmann::json snapshot(Hardware& hardware) {
  Sensor& sensor = hardware.sensor;
  if (!sensor.ready) throw GuestError{"RuntimeError", "Not init!"};
  if (sensor.pixels.empty() && !take_memory(hardware, false)) throw GuestError{"MemoryError", ""};
  if (!hardware.camera || !sensor.running) throw GuestError{"RuntimeError", "Sensor timeout!"};
  auto number = hardware.camera->number_at(hardware.clock.now_ns());
  if (number && sensor.last_number && *number <= *sensor.last_number) {
    const std::uint64_t next = *sensor.last_number + 1;
    if (!hardware.clock.wait_until_ns(hardware.camera->time_of(next))) return nullptr;  // interrupted
    number = hardware.camera->number_at(hardware.clock.now_ns());
  }
  if (!number) throw GuestError{"RuntimeError", "Sensor timeout!"};
  sensor.last_number = number;
  const Image& picture = hardware.camera->picture(*number, sensor.frame_height, sensor.frame_width);
  ImageView view;
  view.width = sensor.width;
  view.height = sensor.height;
  view.format = sensor.format == 1 ? PixelFormat::gray : PixelFormat::rgb565;
  view.pixels = sensor.pixels;
  view.planes = sensor.planes;
  for (int y = 0; y < sensor.height; ++y)
    for (int x = 0; x < sensor.width; ++x) {
      const int px = sensor.x + (sensor.mirror ? sensor.width - 1 - x : x);
      const int py = sensor.y + (sensor.flip ? sensor.height - 1 - y : y);
      const auto* p = picture.pixels.data() + 3 * (py * picture.width + px);
      view.set_pixel(x, y, pixel_value(view.format, {p[0], p[1], p[2]}));
    }
  pixels_to_planes(view);
  return {view.width, view.height, static_cast<int>(view.format)};
}

void show(Hardware& hardware) {
  const std::uint64_t now = hardware.clock.now_ns();
  for (const auto& display : hardware.displays) display->show(hardware.panel.picture, now);
}

// Where a pixel of the rotated picture lies on the panel.
std::size_t panel_place(const Hardware& hardware, int x, int y) {
  const Panel& panel = hardware.panel;
  const int w = hardware.data.lcd_width, h = hardware.data.lcd_height;
  if (panel.mirror) x = panel.width - 1 - x;
  int px = x, py = y;
  if (panel.rotation == 1) px = w - 1 - y, py = x;
  if (panel.rotation == 2) px = w - 1 - x, py = h - 1 - y;
  if (panel.rotation == 3) px = y, py = h - 1 - x;
  return 3 * (static_cast<std::size_t>(py) * static_cast<std::size_t>(w) + static_cast<std::size_t>(px));
}

void put(Hardware& hardware, int x, int y, Rgb colour) {
  if (x < 0 || y < 0 || x >= hardware.panel.width || y >= hardware.panel.height) return;
  auto* to = hardware.panel.picture.pixels.data() + panel_place(hardware, x, y);
  for (std::size_t i = 0; i < 3; ++i) to[i] = hardware.panel.invert ? static_cast<std::uint8_t>(~colour[i]) : colour[i];
}

// One byte a clock over the eight data lines.
void send_pixels(Hardware& hardware, std::uint64_t count) {
  hardware.clock.spend_ns(2 * count * second / hardware.panel.frequency);
}

void check_panel(const Hardware& hardware) {
  if (!hardware.panel.ready) throw GuestError{"ValueError", "not init"};
}

void fill(Hardware& hardware, int x, int y, int w, int h, Rgb colour) {
  for (int yy = std::max(y, 0); yy < std::min(y + h, hardware.panel.height); ++yy)
    for (int xx = std::max(x, 0); xx < std::min(x + w, hardware.panel.width); ++xx) put(hardware, xx, yy, colour);
  send_pixels(hardware, static_cast<std::uint64_t>(std::max(w, 0)) * static_cast<std::uint64_t>(std::max(h, 0)));
  show(hardware);
}

int small(const Arguments& a, std::size_t i) {
  return static_cast<int>(std::clamp<std::int64_t>(integer(a, i), -4096, 4096));
}

// display(image, region x y w h, offset x y or null): without an offset the region is centred, what is larger is cut.
void display(CallContext& c, const Arguments& a) {
  Hardware& hardware = c.hardware;
  check_panel(hardware);
  const ImageView view = view_of(c, a.at(0));
  int x = std::clamp(small(a, 1), 0, view.width), y = std::clamp(small(a, 2), 0, view.height);
  int w = std::clamp(small(a, 3), 0, view.width - x), h = std::clamp(small(a, 4), 0, view.height - y);
  int left = 0, top = 0;
  if (a.at(5).is_array()) {
    left = small(a.at(5), 0);
    top = small(a.at(5), 1);
  } else {
    const auto centre = [](int& at, int& size, int& pad, int room) {
      if (size < room) {
        pad = (room - size) / 2;
      } else {
        at += (size - room) / 2;
        size = room;
      }
    };
    centre(x, w, left, hardware.panel.width);
    centre(y, h, top, hardware.panel.height);
  }
  for (int yy = 0; yy < h; ++yy)
    for (int xx = 0; xx < w; ++xx) put(hardware, left + xx, top + yy, view.rgb(x + xx, y + yy));
  send_pixels(hardware, static_cast<std::uint64_t>(w) * static_cast<std::uint64_t>(h));
  show(hardware);
}

void add_lcd_calls(CallTable& table) {
  table["lcd.init"] = [](CallContext& c, const Arguments& a) {  // frequency, colour, invert
    Hardware& hardware = c.hardware;
    Panel& panel = hardware.panel;
    const std::int64_t frequency = integer(a, 0);
    if (frequency < 1 || frequency > 200'000'000) throw GuestError{"ValueError", "freq"};
    panel = {};
    panel.ready = true;
    panel.width = hardware.data.lcd_width;
    panel.height = hardware.data.lcd_height;
    panel.frequency = static_cast<std::uint32_t>(frequency);
    panel.invert = flag(a, 2);
    panel.picture.width = panel.width;
    panel.picture.height = panel.height;
    panel.picture.pixels.assign(
        std::size_t{3} * static_cast<std::size_t>(panel.width) * static_cast<std::size_t>(panel.height), 0);
    fill(hardware, 0, 0, panel.width, panel.height, rgb_of_colour(PixelFormat::rgb565, a.at(1)));
    return nullptr;
  };
  table["lcd.deinit"] = [](CallContext& c, const Arguments&) {
    c.hardware.panel.ready = false;
    return nullptr;
  };
  table["lcd.size"] = [](CallContext& c, const Arguments&) -> nlohmann::json {
    return {c.hardware.panel.width, c.hardware.panel.height};
  };
  table["lcd.rotation"] = [](CallContext& c, const Arguments& a) {  // null: as it is
    Panel& panel = c.hardware.panel;
    check_panel(c.hardware);
    if (!a.at(0).is_null()) {
      const std::int64_t value = integer(a, 0);
      if (value < 0 || value > 3) throw GuestError{"ValueError", "value:[0,3]"};
      panel.rotation = static_cast<int>(value);
      const bool across = value % 2 == 1;
      panel.width = across ? c.hardware.data.lcd_height : c.hardware.data.lcd_width;
      panel.height = across ? c.hardware.data.lcd_width : c.hardware.data.lcd_height;
    }
    return panel.rotation;
  };
  table["lcd.mirror"] = [](CallContext& c, const Arguments& a) {
    if (!a.at(0).is_null()) c.hardware.panel.mirror = flag(a, 0);
    return c.hardware.panel.mirror;
  };
  table["lcd.freq"] = [](CallContext& c, const Arguments& a) {
    if (!a.at(0).is_null()) {
      const std::int64_t value = integer(a, 0);
      if (value < 1 || value > 200'000'000) throw GuestError{"ValueError", "freq"};
      c.hardware.panel.frequency = static_cast<std::uint32_t>(value);
    }
    return c.hardware.panel.frequency;
  };
  table["lcd.fill"] = [](CallContext& c, const Arguments& a) {  // x y w h colour
    check_panel(c.hardware);
    fill(c.hardware, small(a, 0), small(a, 1), small(a, 2), small(a, 3), rgb_of_colour(PixelFormat::rgb565, a.at(4)));
    return nullptr;
  };
  table["lcd.display"] = [](CallContext& c, const Arguments& a) {
    display(c, a);
    return nullptr;
  };
  table["lcd.text"] = [](CallContext& c, const Arguments& a) {  // x y text colour background
    Hardware& hardware = c.hardware;
    check_panel(hardware);
    const std::string letters = text(a, 2);
    const int width =
        std::min<int>(hardware.panel.width, static_cast<int>(std::min<std::size_t>(letters.size(), 512)) * 8);
    if (width <= 0) return nullptr;
    Bytes pixels(static_cast<std::size_t>(width) * 16 * 2);
    ImageView view{width, 16, PixelFormat::rgb565, pixels, {}};
    fill_rectangle(view, 0, 0, width, 16, value_of_colour(view.format, a.at(4)));
    draw_text(view, 0, 0, letters, rgb_of_colour(view.format, a.at(3)), 1);
    for (int y = 0; y < 16; ++y)
      for (int x = 0; x < width; ++x) put(hardware, small(a, 0) + x, small(a, 1) + y, view.rgb(x, y));
    send_pixels(hardware, static_cast<std::uint64_t>(width) * 16);
    show(hardware);
    return nullptr;
  };
}

}  // namespace

void add_camera_calls(CallTable& table) {
  table["sensor.reset"] = [](CallContext& c, const Arguments& a) {  // both buffers
    Sensor& sensor = c.hardware.sensor;
    sensor = {};
    if (!c.hardware.camera) return false;
    if (!take_memory(c.hardware, flag(a, 0))) throw GuestError{"MemoryError", ""};
    sensor.ready = true;
    return true;
  };
  table["sensor.format"] = [](CallContext& c, const Arguments& a) {
    const std::int64_t format = integer(a, 0);
    if (format != 0 && format != 1) throw GuestError{"ValueError", "Pixel format is not supported!"};
    c.hardware.sensor.format = static_cast<int>(format);
    return nullptr;
  };
  table["sensor.size"] = [](CallContext& c, const Arguments& a) {
    Sensor& sensor = c.hardware.sensor;
    const std::int64_t w = integer(a, 0), h = integer(a, 1);
    if (w < 8 || h < 8 || w > 1600 || h > 1200) throw GuestError{"ValueError", "Frame size is not supported!"};
    sensor.frame_width = sensor.width = static_cast<int>(w);
    sensor.frame_height = sensor.height = static_cast<int>(h);
    sensor.x = sensor.y = 0;
    if (!take_memory(c.hardware, false)) throw GuestError{"MemoryError", ""};
    return nullptr;
  };
  table["sensor.window"] = [](CallContext& c, const Arguments& a) {  // x y w h; x null: centred
    Sensor& sensor = c.hardware.sensor;
    const std::int64_t w = integer(a, 2), h = integer(a, 3);
    const std::int64_t x = a.at(0).is_null() ? (sensor.frame_width - w) / 2 : integer(a, 0);
    const std::int64_t y = a.at(1).is_null() ? (sensor.frame_height - h) / 2 : integer(a, 1);
    if (w < 8 || h < 8 || x < 0 || y < 0 || x + w > sensor.frame_width || y + h > sensor.frame_height)
      throw GuestError{"ValueError", "Failed to set windowing!"};
    sensor.x = static_cast<int>(x);
    sensor.y = static_cast<int>(y);
    sensor.width = static_cast<int>(w);
    sensor.height = static_cast<int>(h);
    if (!take_memory(c.hardware, false)) throw GuestError{"MemoryError", ""};
    return nullptr;
  };
  table["sensor.turn"] = [](CallContext& c, const Arguments& a) {  // mirror, flip, running; null: as it is
    Sensor& sensor = c.hardware.sensor;
    if (!a.at(0).is_null()) sensor.mirror = flag(a, 0);
    if (!a.at(1).is_null()) sensor.flip = flag(a, 1);
    if (!a.at(2).is_null()) sensor.running = flag(a, 2);
    return nullptr;
  };
  table["sensor.state"] = [](CallContext& c, const Arguments&) -> nlohmann::json {
    const Sensor& sensor = c.hardware.sensor;
    return {sensor.ready, sensor.width, sensor.height, c.hardware.camera != nullptr};
  };
  table["sensor.snapshot"] = [](CallContext& c, const Arguments&) { return snapshot(c.hardware); };
  add_lcd_calls(table);
}

}  // namespace vnpu::devices::maix
