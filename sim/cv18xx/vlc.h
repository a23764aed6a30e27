// The variable-length code of the TDMA: blocks of 16 symbols, each stored as bit planes plus a unary rest, or raw.
// Stream: 16-byte header, one k-map byte a block (padded to 16), bit-packed data (padded to 16).
#pragma once

#include <array>
#include <cstdint>
#include <span>

#include "base/bytes.h"

namespace vnpu::cv18xx {

struct VlcParameters {
  bool bf16 = false;        // symbols are exponent bytes; else the bytes themselves
  bool is_signed = false;   // int8 only
  std::uint8_t bias0 = 0;   // int8: of positive values; bf16: of exponents
  std::uint8_t bias1 = 0;   // int8: of negative values
  bool zero_guard = false;  // bf16 only: code 0 is kept for exponent 0, whose sign and mantissa are not stored

  bool operator==(const VlcParameters&) const = default;
};

// A whole stream. `plain` holds bytes or little-endian bf16 values (even size). Throws Error(usage) beyond 8 MiB, more
// than the header's 24 bits can say.
Bytes vlc_encode(std::span<const std::uint8_t> plain, const VlcParameters& parameters);

// The parameters in a stream's header; throws Error(damaged) when there are not 16 bytes.
VlcParameters vlc_parameters(std::span<const std::uint8_t> stream);

// The byte (int8) or exponent (bf16) behind each code.
std::array<std::uint8_t, 256> vlc_values(const VlcParameters& parameters);

// Fills `plain` (its size says how much there is) from a stream, which may be followed by other bytes. Throws
// Error(damaged) with the offset in the stream for every stream that is cut short or not well formed. Work is bounded
// by the size of `plain`.
void vlc_decode(std::span<const std::uint8_t> stream, std::span<std::uint8_t> plain);

}  // namespace vnpu::cv18xx
