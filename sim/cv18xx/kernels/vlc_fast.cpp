#include "sim/cv18xx/kernels/vlc_fast.h"

#include <algorithm>
#include <array>
#include <bit>
#include <cstring>

#include "sim/cv18xx/vlc.h"

namespace vnpu::cv18xx {
namespace {

constexpr std::size_t header_bytes = 16;
constexpr std::uint8_t raw_block = 0xE0;
// More than the longest block: 5 planes, a count of zeros, 47 unary bits, 16 bytes of rests, and a word of look-ahead.
constexpr std::size_t look_ahead = 64;

// Bit i of a byte as byte i of a word.
constexpr std::array<std::uint64_t, 256> spread = [] {
  std::array<std::uint64_t, 256> table{};
  for (unsigned bits = 0; bits < 256; ++bits)
    for (unsigned i = 0; i < 8; ++i) table[bits] |= std::uint64_t{bits >> i & 1} << 8 * i;
  return table;
}();

std::uint64_t load64(const std::uint8_t* from) {
  std::uint64_t word;
  std::memcpy(&word, from, 8);
  return word;
}

class Bits {
 public:
  explicit Bits(const std::uint8_t* bytes) : bytes_(bytes) {}
  std::uint64_t at() const { return at_; }
  void skip(unsigned count) { at_ += count; }
  std::uint64_t peek() const { return load64(bytes_ + at_ / 8) >> at_ % 8; }  // 57 bits at least
  std::uint64_t take64() {
    const auto* from = bytes_ + at_ / 8;
    const unsigned shift = at_ % 8;
    at_ += 64;
    const auto low = load64(from) >> shift;
    return shift == 0 ? low : low | std::uint64_t{from[8]} << (64 - shift);
  }
  unsigned take8() {
    const auto value = static_cast<unsigned>(peek() & 0xFF);
    at_ += 8;
    return value;
  }

 private:
  const std::uint8_t* bytes_;
  std::uint64_t at_ = 0;
};

// The 16 symbols of a coded block; false when k-map and data do not agree.
bool symbols_of(Bits& in, std::uint8_t kmap, bool counts_zeros, std::uint8_t* symbols) {
  const unsigned order = kmap >> 5;
  std::uint64_t low = 0, high = 0;
  for (unsigned plane = 0; plane < order; ++plane) {
    const auto bits = in.peek();
    in.skip(16);
    low |= spread[bits & 0xFF] << plane;
    high |= spread[bits >> 8 & 0xFF] << plane;
  }
  if (counts_zeros && order > 0) in.skip(4);
  const unsigned length = 16 + (kmap & 31u);
  std::uint64_t ones = in.peek() & ((std::uint64_t{1} << length) - 1);
  in.skip(length);
  if (std::popcount(ones) != 16 || ones >> (length - 1) == 0) return false;
  std::memcpy(symbols, &low, 8);
  std::memcpy(symbols + 8, &high, 8);
  int last = -1;
  for (unsigned i = 0; i < 16; ++i) {
    const int one = std::countr_zero(ones);
    ones &= ones - 1;
    symbols[i] = static_cast<std::uint8_t>(symbols[i] | static_cast<unsigned>(one - last - 1) << order);
    last = one;
  }
  return true;
}

}  // namespace

bool vlc_decode_fast(std::span<const std::uint8_t> stream, std::span<std::uint8_t> plain) {
  if constexpr (std::endian::native != std::endian::little) return false;
  if (stream.size() < header_bytes) return false;
  const auto parameters = vlc_parameters(stream);
  const std::size_t element = parameters.bf16 ? 2 : 1;
  if (plain.size() % element != 0) return false;
  const auto count = plain.size() / element;
  const auto blocks = (count + 15) / 16;
  const std::uint64_t data_at = header_bytes + (blocks + 15) / 16 * 16;
  const std::uint64_t data_bytes = stream[0] | stream[1] << 8 | stream[2] << 16;
  if (stream.size() < data_at + data_bytes + look_ahead) return false;

  const auto values = vlc_values(parameters);
  const auto* kmap = stream.data() + header_bytes;
  Bits in(stream.data() + data_at);
  std::array<std::uint8_t, 32> block;
  for (std::size_t b = 0; b < blocks; ++b) {
    if (in.at() > data_bytes * 8) return false;
    std::array<std::uint8_t, 16> symbols;
    if (kmap[b] == raw_block) {
      for (std::size_t half = 0; half < 2; ++half) {
        const auto word = in.take64();
        std::memcpy(symbols.data() + 8 * half, &word, 8);
      }
    } else if (kmap[b] >> 5 > 5 || !symbols_of(in, kmap[b], parameters.bf16 && parameters.zero_guard, symbols.data())) {
      return false;
    }
    const auto here = std::min<std::size_t>(16, count - 16 * b);
    if (!parameters.bf16) {
      for (std::size_t i = 0; i < 16; ++i) block[i] = values[symbols[i]];
    } else {
      for (std::size_t i = 0; i < here; ++i) {
        const unsigned exponent = values[symbols[i]];
        const unsigned rest = parameters.zero_guard && exponent == 0 ? 0 : in.take8();
        const auto value = static_cast<std::uint16_t>((rest & 0x80) << 8 | exponent << 7 | (rest & 0x7F));
        std::memcpy(block.data() + 2 * i, &value, 2);
      }
    }
    std::memcpy(plain.data() + 16 * b * element, block.data(), here * element);
  }
  return in.at() <= data_bytes * 8;
}

}  // namespace vnpu::cv18xx
