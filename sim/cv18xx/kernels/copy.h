// memcpy for rows of a few to a few hundred bytes, without a call.
#pragma once

#include <emmintrin.h>

#include <cstddef>
#include <cstdint>
#include <cstring>

namespace vnpu::cv18xx::kernels {

// The ranges do not overlap.
inline void copy_bytes(void* to, const void* from, std::size_t size) {
  auto* out = static_cast<std::uint8_t*>(to);
  const auto* in = static_cast<const std::uint8_t*>(from);
  const auto word = [&](std::size_t at, auto value) {
    std::memcpy(&value, in + at, sizeof(value));
    std::memcpy(out + at, &value, sizeof(value));
  };
  if (size > 256) {
    std::memcpy(out, in, size);
  } else if (size >= 16) {
    // The last vector may copy some bytes twice.
    for (std::size_t i = 0; i + 16 < size; i += 16) word(i, __m128i{});
    word(size - 16, __m128i{});
  } else if (size >= 8) {
    word(0, std::uint64_t{});
    word(size - 8, std::uint64_t{});
  } else if (size >= 4) {
    word(0, std::uint32_t{});
    word(size - 4, std::uint32_t{});
  } else if (size > 0) {
    out[0] = in[0];
    if (size > 1) word(size - 2, std::uint16_t{});
  }
}

}  // namespace vnpu::cv18xx::kernels
