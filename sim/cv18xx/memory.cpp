#include "sim/cv18xx/memory.h"

namespace vnpu::cv18xx {

Memory::Memory(const Chip& chip, std::uint64_t global_bytes)
    : lanes_(chip.lanes), local_(chip.lanes * lane_bytes), global_(global_bytes) {}

std::span<std::uint8_t> Memory::local_range(std::uint64_t address, std::uint64_t size) {
  return checked_range(local_, "local", address, size);
}
std::span<std::uint8_t> Memory::global_range(std::uint64_t address, std::uint64_t size) {
  return checked_range(global(), "global", address, size);
}

}  // namespace vnpu::cv18xx
