// The data file of a MicroPython board.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <vector>

namespace vnpu::devices::maix {

struct MaixData {
  std::string name, title, chip, version, date, machine;
  std::uint64_t cpu_hz = 0, kpu_hz = 0;
  std::array<std::uint64_t, 3> pll_hz{};
  std::array<std::uint32_t, 2> flash_id{};  // manufacturer, device
  // Bytes of the general memory: all of it, the firmware's part, MicroPython's heap; the rest is the system heap.
  std::uint64_t ram_bytes = 0, firmware_bytes = 0, gc_heap_bytes = 0, guest_bytes = 0;
  std::uint64_t flash_bytes = 0, spiffs_offset = 0, spiffs_bytes = 0, sd_bytes = 0;
  int lcd_width = 0, lcd_height = 0;

  std::uint64_t system_heap_bytes() const { return ram_bytes - firmware_bytes - gc_heap_bytes; }
};

// Throws Error(damaged) naming the key.
MaixData parse_maix_data(const std::string& toml, const std::string& name);

}  // namespace vnpu::devices::maix
