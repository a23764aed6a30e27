#include "sim/core/zero_pages.h"

#include <sys/mman.h>

#include "base/error.h"

namespace vnpu {
namespace {

std::uint8_t* map_zero(std::uint64_t size) {
  if (size == 0) return nullptr;
  void* bytes = mmap(nullptr, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  if (bytes == MAP_FAILED)
    throw Error(ErrorKind::fault, "global memory of " + std::to_string(size) + " bytes cannot be had");
  return static_cast<std::uint8_t*>(bytes);
}

}  // namespace

void ZeroPages::Unmap::operator()(std::uint8_t* bytes) const {
  if (bytes) munmap(bytes, size);
}

ZeroPages::ZeroPages(std::uint64_t size) : size_(size), bytes_(map_zero(size), Unmap{size}) {}

std::span<std::uint8_t> checked_range(std::span<std::uint8_t> memory, const char* which, std::uint64_t address,
                                      std::uint64_t size) {
  if (address > memory.size() || size > memory.size() - address) {
    throw Error(ErrorKind::fault, std::string(which) + " memory has " + std::to_string(memory.size()) +
                                      " bytes; access to " + std::to_string(size) + " bytes at address " +
                                      std::to_string(address));
  }
  return memory.subspan(address, size);
}

}  // namespace vnpu
