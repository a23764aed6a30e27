// Protobuf messages for tests, written by hand.
#pragma once

#include <cstdint>
#include <string>

namespace vnpu {

// A field of bytes: a string or a message of its own.
inline std::string message(unsigned field, const std::string& bytes) {
  std::string out;
  const auto varint = [&](std::uint64_t n) {
    for (; n > 127; n >>= 7) out += static_cast<char>((n & 127) | 128);
    out += static_cast<char>(n);
  };
  varint(field << 3 | 2);
  varint(bytes.size());
  return out + bytes;
}

}  // namespace vnpu
