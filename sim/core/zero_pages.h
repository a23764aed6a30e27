// Large zeroed memory, taken from the host page by page as it is touched.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>

namespace vnpu {

class ZeroPages {
 public:
  // Throws Error(fault) when the address space cannot be had. 0 bytes take nothing.
  explicit ZeroPages(std::uint64_t size);

  std::uint64_t size() const { return size_; }
  std::span<std::uint8_t> bytes() { return {bytes_.get(), size_}; }
  std::span<const std::uint8_t> bytes() const { return {bytes_.get(), size_}; }

 private:
  struct Unmap {
    std::uint64_t size = 0;
    void operator()(std::uint8_t* bytes) const;
  };
  std::uint64_t size_;
  std::unique_ptr<std::uint8_t[], Unmap> bytes_;
};

// `size` bytes of `memory` from `address`; throws Error(fault) naming `which` memory and the range when it is not
// wholly inside.
std::span<std::uint8_t> checked_range(std::span<std::uint8_t> memory, const char* which, std::uint64_t address,
                                      std::uint64_t size);

}  // namespace vnpu
