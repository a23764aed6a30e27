// The general memory as a model sees it: one buffer, reached by byte addresses that come from the file.
#pragma once

#include <algorithm>
#include <cstring>
#include <span>
#include <string>
#include <vector>

#include "base/bytes.h"
#include "base/error.h"

namespace vnpu::k210 {

class MainMemory {
 public:
  explicit MainMemory(std::uint64_t size) : bytes_(size) {}

  // Throws Error(fault) when they are not all in the buffer.
  std::span<std::uint8_t> range(std::uint64_t address, std::uint64_t size) {
    if (address > bytes_.size() || size > bytes_.size() - address) {
      throw Error(ErrorKind::fault, "bytes " + std::to_string(address) + " to " + std::to_string(address + size) +
                                        " are outside of the main buffer of " + std::to_string(bytes_.size()));
    }
    return std::span(bytes_).subspan(address, size);
  }
  std::uint64_t size() const { return bytes_.size(); }
  void clear() { std::ranges::fill(bytes_, std::uint8_t{0}); }

 private:
  Bytes bytes_;
};

// Numbers of possibly unaligned bytes, copied; the bytes have a multiple of the size.
template <class T>
std::vector<T> numbers(std::span<const std::uint8_t> bytes) {
  std::vector<T> out(bytes.size() / sizeof(T));
  if (!out.empty()) std::memcpy(out.data(), bytes.data(), out.size() * sizeof(T));
  return out;
}

template <class T>
std::span<const std::uint8_t> bytes_of(const std::vector<T>& values) {
  return {reinterpret_cast<const std::uint8_t*>(values.data()), values.size() * sizeof(T)};
}

}  // namespace vnpu::k210
