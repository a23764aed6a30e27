#include "sim/bm1684x/memory.h"

#include <cstdio>
#include <cstring>
#include <string>

#include "base/error.h"

namespace vnpu::bm1684x {

Memory::Memory(std::uint64_t ddr_size) : local_(local_bytes), static_(static_bytes), l2_(l2_bytes), ddr_(ddr_size) {
  const auto table = static_table();
  std::memcpy(static_.bytes().data(), table.data(), table.size_bytes());
}

std::span<std::uint8_t> Memory::local_range(std::uint64_t address, std::uint64_t size) {
  return checked_range(local(), "local", address, size);
}

std::span<std::uint8_t> Memory::lane_range(std::uint32_t lane_index, std::uint64_t offset, std::uint64_t size) {
  if (lane_index >= lane_count)
    throw Error(ErrorKind::fault, "lane " + std::to_string(lane_index) + " of " + std::to_string(lane_count));
  return checked_range(lane(lane_index), "a lane's local", offset, size);
}

std::span<std::uint8_t> Memory::range(std::uint64_t address, std::uint64_t size) {
  if (address >= ddr_base) return checked_range(ddr(), "DDR", address - ddr_base, size);
  if (is_local(address)) return checked_range(local(), "local", address - local_base, size);
  if (address - static_base < static_bytes)
    return checked_range(static_memory(), "static", address - static_base, size);
  if (address - l2_base < l2_bytes) return checked_range(l2(), "L2", address - l2_base, size);
  char text[32];
  std::snprintf(text, sizeof text, "0x%llx", static_cast<unsigned long long>(address));
  throw Error(ErrorKind::fault, std::string("no memory at address ") + text);
}

}  // namespace vnpu::bm1684x
