#include "devices/maix/data.h"

#include <toml++/toml.h>

#include "base/error.h"

namespace vnpu::devices::maix {

MaixData parse_maix_data(const std::string& text, const std::string& name) {
  toml::table table;
  try {
    table = toml::parse(text, name + ".toml");
  } catch (const toml::parse_error& error) {
    throw Error(ErrorKind::damaged, name + ".toml: " + std::string(error.description()));
  }
  const auto fail = [&](const char* key) -> Error {
    return {ErrorKind::damaged, name + ".toml: " + key + ": missing or of another kind"};
  };
  const auto string = [&](const char* key) {
    const auto value = table[key].value<std::string>();
    if (!value) throw fail(key);
    return *value;
  };
  const auto number = [&](const char* key) {
    const auto value = table[key].value<std::int64_t>();
    if (!value || *value < 0) throw fail(key);
    return static_cast<std::uint64_t>(*value);
  };
  const auto item = [&](const char* key, std::size_t i) {
    const auto value = table[key][i].value<std::int64_t>();
    if (!value || *value < 0) throw fail(key);
    return static_cast<std::uint64_t>(*value);
  };
  MaixData out;
  out.name = name;
  out.title = string("title");
  out.chip = string("chip");
  out.version = string("version");
  out.date = string("date");
  out.machine = string("machine");
  out.cpu_hz = number("cpu_hz");
  out.kpu_hz = number("kpu_hz");
  for (std::size_t i = 0; i < 3; ++i) out.pll_hz[i] = item("pll_hz", i);
  for (std::size_t i = 0; i < 2; ++i) out.flash_id[i] = static_cast<std::uint32_t>(item("flash_id", i));
  out.ram_bytes = number("ram_bytes");
  out.firmware_bytes = number("firmware_bytes");
  out.gc_heap_bytes = number("gc_heap_bytes");
  out.guest_bytes = number("guest_bytes");
  out.flash_bytes = number("flash_bytes");
  out.spiffs_offset = number("spiffs_offset");
  out.spiffs_bytes = number("spiffs_bytes");
  out.sd_bytes = number("sd_bytes");
  out.lcd_width = static_cast<int>(number("lcd_width"));
  out.lcd_height = static_cast<int>(number("lcd_height"));
  if (out.ram_bytes < out.firmware_bytes + out.gc_heap_bytes) throw fail("ram_bytes");
  return out;
}

}  // namespace vnpu::devices::maix
