#include "sim/cv18xx/memory.h"

#include <sys/mman.h>

#include <string>

#include "base/error.h"

namespace vnpu::cv18xx {
namespace {

std::uint8_t* map_zero(std::uint64_t size) {
  if (size == 0) return nullptr;
  void* bytes = mmap(nullptr, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  if (bytes == MAP_FAILED)
    throw Error(ErrorKind::fault, "global memory of " + std::to_string(size) + " bytes cannot be had");
  return static_cast<std::uint8_t*>(bytes);
}

std::span<std::uint8_t> checked(std::span<std::uint8_t> memory, const char* which, std::uint64_t address,
                                std::uint64_t size) {
  if (address > memory.size() || size > memory.size() - address) {
    throw Error(ErrorKind::fault, std::string(which) + " memory has " + std::to_string(memory.size()) +
                                      " bytes; access to " + std::to_string(size) + " bytes at address " +
                                      std::to_string(address));
  }
  return memory.subspan(address, size);
}

}  // namespace

void Memory::Unmap::operator()(std::uint8_t* bytes) const {
  if (bytes) munmap(bytes, size);
}

Memory::Memory(const Chip& chip, std::uint64_t global_bytes)
    : lanes_(chip.lanes),
      local_(chip.lanes * lane_bytes),
      global_bytes_(global_bytes),
      global_(map_zero(global_bytes), Unmap{global_bytes}) {}

std::span<std::uint8_t> Memory::local_range(std::uint64_t address, std::uint64_t size) {
  return checked(local_, "local", address, size);
}
std::span<std::uint8_t> Memory::global_range(std::uint64_t address, std::uint64_t size) {
  return checked(global(), "global", address, size);
}

}  // namespace vnpu::cv18xx
