#include "sim/cv18xx/vlc.h"

#include <algorithm>
#include <array>
#include <bit>
#include <cstdlib>
#include <string>

#include "base/error.h"

namespace vnpu::cv18xx {
namespace {

constexpr std::size_t block_symbols = 16;
constexpr std::size_t header_bytes = 16;
constexpr std::uint8_t raw_block = 0xE0;
constexpr unsigned max_order = 5;
constexpr unsigned max_unary_bits = 47;
constexpr unsigned raw_cost = 128;
constexpr std::size_t plain_limit = 8 << 20;

using Symbols = std::array<std::uint8_t, block_symbols>;

std::size_t padded(std::size_t size) { return (size + 15) / 16 * 16; }

// Signed numbers in the order 0, -1, 1, -2, 2, ...
std::uint8_t interleave(std::int8_t x) { return static_cast<std::uint8_t>(2 * std::abs(x) - (x < 0)); }
int uninterleave(int u) { return u & 1 ? -((u + 1) >> 1) : (u + 1) >> 1; }

std::uint8_t code_int8(std::uint8_t byte, const VlcParameters& p) {
  if (!p.is_signed) return byte;
  const auto value = static_cast<std::int8_t>(byte);
  if (value == 0) return 0;
  int magnitude = std::abs(value) - (value < 0 ? p.bias1 : p.bias0);
  if (magnitude <= 0) magnitude += 127 + (value < 0);
  return static_cast<std::uint8_t>(2 * magnitude - (value < 0));
}

std::uint8_t uncode_int8(std::uint8_t code, const VlcParameters& p) {
  if (!p.is_signed || code == 0) return code;
  const int x = uninterleave(code);
  const bool negative = x < 0;
  const int limit = 127 + negative;
  int magnitude = std::abs(x) + (negative ? p.bias1 : p.bias0);
  if (magnitude > limit) magnitude -= limit;
  return static_cast<std::uint8_t>(negative ? -magnitude : magnitude);
}

std::uint8_t code_exponent(std::uint8_t exponent, const VlcParameters& p) {
  const int e = exponent;
  const int b = p.bias0;
  const int guard = p.zero_guard;
  if (e == 0 && guard) return 0;
  const int centred = interleave(static_cast<std::int8_t>(e - b)) + guard;
  const int range = b <= 128 ? b : 255 - b;
  if (b <= 128) return static_cast<std::uint8_t>(e >= 2 * range ? e : centred);
  return static_cast<std::uint8_t>(e < b - range ? range + b - e + guard : centred);
}

std::uint8_t uncode_exponent(std::uint8_t code, const VlcParameters& p) {
  const int t = code;
  const int b = p.bias0;
  const int guard = p.zero_guard;
  if (t == 0 && guard) return 0;
  const int centred = uninterleave(t - guard) + b;
  const int range = b <= 128 ? b : 255 - b;
  if (b <= 128) return static_cast<std::uint8_t>(t >= 2 * range ? t : centred);
  return static_cast<std::uint8_t>(t - guard > 2 * range ? range + b - t + guard : centred);
}

class BitWriter {
 public:
  void put(std::uint64_t bits, unsigned count) {  // count <= 32
    pending_ |= bits << used_;
    used_ += count;
    for (; used_ >= 8; used_ -= 8, pending_ >>= 8) bytes_.push_back(static_cast<std::uint8_t>(pending_));
  }
  Bytes finish() {
    if (used_ != 0) bytes_.push_back(static_cast<std::uint8_t>(pending_));
    bytes_.resize(padded(bytes_.size()));
    return std::move(bytes_);
  }

 private:
  Bytes bytes_;
  std::uint64_t pending_ = 0;
  unsigned used_ = 0;
};

class BitReader {
 public:
  BitReader(std::span<const std::uint8_t> bytes, std::uint64_t origin) : bytes_(bytes), origin_(origin) {}
  std::uint64_t at() const { return origin_ + next_ - have_ / 8; }

  std::uint32_t get(unsigned count) {  // count <= 16
    refill();
    if (have_ < count) throw Error(ErrorKind::damaged, at(), "VLC data", "ends within a block");
    const auto bits = static_cast<std::uint32_t>(pending_ & ((1u << count) - 1));
    pending_ >>= count;
    have_ -= count;
    return bits;
  }
  // Zeros before the next 1, which is taken too; at most `limit` of them.
  unsigned unary(unsigned limit) {
    refill();
    const auto zeros = static_cast<unsigned>(std::countr_zero(pending_ | std::uint64_t{1} << 63));
    if (zeros >= have_ || zeros > limit) throw Error(ErrorKind::damaged, at(), "VLC data", "unary number without end");
    pending_ >>= zeros + 1;
    have_ -= zeros + 1;
    return zeros;
  }

 private:
  void refill() {
    for (; have_ <= 48 && next_ < bytes_.size(); have_ += 8) pending_ |= std::uint64_t{bytes_[next_++]} << have_;
  }
  std::span<const std::uint8_t> bytes_;
  std::uint64_t origin_;
  std::size_t next_ = 0;
  std::uint64_t pending_ = 0;
  unsigned have_ = 0;
};

unsigned unary_bits(const Symbols& symbols, unsigned order) {
  unsigned bits = 0;
  for (const auto s : symbols) bits += (s >> order) + 1u;
  return bits;
}

bool counts_zeros(const VlcParameters& p, unsigned order) { return p.bf16 && p.zero_guard && order > 0; }

std::uint8_t encode_symbols(BitWriter& out, const Symbols& symbols, const VlcParameters& p) {
  unsigned best = 256;
  unsigned order = 0;
  for (unsigned k = 0; k <= max_order; ++k) {
    const auto unary = unary_bits(symbols, k);
    const auto cost = unary > max_unary_bits ? 255u : 16 * k + unary + (counts_zeros(p, k) ? 4 : 0);
    if (cost < best) {
      best = cost;
      order = k;
    }
  }
  if (best > raw_cost) {
    for (const auto s : symbols) out.put(s, 8);
    return raw_block;
  }
  for (unsigned plane = 0; plane < order; ++plane) {
    std::uint32_t bits = 0;
    for (std::size_t i = 0; i < symbols.size(); ++i) bits |= (symbols[i] >> plane & 1u) << i;
    out.put(bits, 16);
  }
  if (counts_zeros(p, order)) {
    out.put(static_cast<std::uint64_t>(std::count(symbols.begin(), symbols.end(), 0)) & 15, 4);
  }
  for (const auto s : symbols) {
    const unsigned zeros = s >> order;
    out.put(std::uint64_t{1} << zeros, zeros + 1);  // zeros <= 31
  }
  return static_cast<std::uint8_t>(order << 5 | ((unary_bits(symbols, order) - 16) & 31));
}

Symbols decode_symbols(BitReader& in, std::uint8_t kmap, std::uint64_t kmap_at, const VlcParameters& p) {
  Symbols symbols{};
  if (kmap == raw_block) {
    for (auto& s : symbols) s = static_cast<std::uint8_t>(in.get(8));
    return symbols;
  }
  const unsigned order = kmap >> 5;
  if (order > max_order) throw Error(ErrorKind::damaged, kmap_at, "VLC k-map", "order " + std::to_string(order));
  for (unsigned plane = 0; plane < order; ++plane) {
    const auto bits = in.get(16);
    for (std::size_t i = 0; i < symbols.size(); ++i) symbols[i] |= static_cast<std::uint8_t>((bits >> i & 1) << plane);
  }
  if (counts_zeros(p, order)) in.get(4);
  unsigned left = kmap & 31;  // the k-map says how long the unary part is
  for (auto& s : symbols) {
    const auto zeros = in.unary(left);
    left -= zeros;
    s = static_cast<std::uint8_t>(s | zeros << order);
  }
  if (left != 0) throw Error(ErrorKind::damaged, kmap_at, "VLC k-map", "names a longer block than the data has");
  return symbols;
}

}  // namespace

Bytes vlc_encode(std::span<const std::uint8_t> plain, const VlcParameters& parameters) {
  const std::size_t element = parameters.bf16 ? 2 : 1;
  if (plain.size() > plain_limit || plain.size() % element != 0)
    throw Error(ErrorKind::usage, "VLC: cannot code " + std::to_string(plain.size()) + " bytes");
  const auto count = plain.size() / element;
  const auto blocks = (count + block_symbols - 1) / block_symbols;
  Bytes stream(header_bytes + padded(blocks));
  BitWriter out;
  for (std::size_t block = 0; block < blocks; ++block) {
    Symbols symbols{};
    std::array<std::uint16_t, block_symbols> values{};  // the last block ends in zeros
    for (std::size_t i = 0; i < block_symbols; ++i) {
      const auto at = block * block_symbols + i;
      if (at < count && parameters.bf16) {
        values[i] = static_cast<std::uint16_t>(plain[2 * at] | plain[2 * at + 1] << 8);
      } else if (at < count) {
        values[i] = plain[at];
      }
      symbols[i] = parameters.bf16 ? code_exponent(static_cast<std::uint8_t>(values[i] >> 7), parameters)
                                   : code_int8(static_cast<std::uint8_t>(values[i]), parameters);
    }
    stream[header_bytes + block] = encode_symbols(out, symbols, parameters);
    if (!parameters.bf16) continue;
    for (const auto value : values) {
      if (parameters.zero_guard && (value & 0x7F80) == 0) continue;
      out.put((value >> 8 & 0x80u) | (value & 0x7Fu), 8);
    }
  }
  const auto data = out.finish();
  for (std::size_t i = 0; i < 3; ++i) stream[i] = static_cast<std::uint8_t>(data.size() >> 8 * i);
  stream[3] = static_cast<std::uint8_t>(parameters.is_signed << 4 | parameters.bf16 << 5);
  stream[4] = parameters.bias0;
  stream[5] = static_cast<std::uint8_t>((parameters.bias1 & 0x7F) | parameters.zero_guard << 7);
  stream.insert(stream.end(), data.begin(), data.end());
  return stream;
}

VlcParameters vlc_parameters(std::span<const std::uint8_t> stream) {
  const ByteView header = ByteView(stream).sub(0, header_bytes, "VLC header");
  VlcParameters p;
  p.is_signed = header.u8(3, "") >> 4 & 1;
  p.bf16 = header.u8(3, "") >> 5 & 1;
  p.bias0 = header.u8(4, "");
  p.bias1 = header.u8(5, "") & 0x7F;
  p.zero_guard = header.u8(5, "") >> 7;
  return p;
}

std::array<std::uint8_t, 256> vlc_values(const VlcParameters& parameters) {
  std::array<std::uint8_t, 256> values{};
  for (std::size_t code = 0; code < values.size(); ++code) {
    const auto byte = static_cast<std::uint8_t>(code);
    values[code] = parameters.bf16 ? uncode_exponent(byte, parameters) : uncode_int8(byte, parameters);
  }
  return values;
}

void vlc_decode(std::span<const std::uint8_t> stream, std::span<std::uint8_t> plain) {
  const auto parameters = vlc_parameters(stream);
  const std::size_t element = parameters.bf16 ? 2 : 1;
  if (plain.size() % element != 0) throw Error(ErrorKind::usage, "VLC: bf16 values need an even number of bytes");
  const auto count = plain.size() / element;
  const auto blocks = (count + block_symbols - 1) / block_symbols;
  const ByteView view(stream);
  const auto kmap = view.sub(header_bytes, padded(blocks), "VLC k-map");
  const auto data_bytes = view.u32(0, "VLC header") & 0xFFFFFF;
  const auto data = view.sub(header_bytes + padded(blocks), data_bytes, "VLC data");
  BitReader in(data.span(), data.file_offset());
  for (std::size_t block = 0; block < blocks; ++block) {
    const auto symbols = decode_symbols(in, kmap.data()[block], kmap.file_offset() + block, parameters);
    const auto first = block * block_symbols;
    const auto here = std::min(block_symbols, count - first);
    for (std::size_t i = 0; i < here; ++i) {
      if (!parameters.bf16) {
        plain[first + i] = uncode_int8(symbols[i], parameters);
        continue;
      }
      const unsigned exponent = uncode_exponent(symbols[i], parameters);
      const unsigned rest = parameters.zero_guard && exponent == 0 ? 0 : in.get(8);
      const unsigned value = (rest & 0x80) << 8 | exponent << 7 | (rest & 0x7F);
      plain[2 * (first + i)] = static_cast<std::uint8_t>(value);
      plain[2 * (first + i) + 1] = static_cast<std::uint8_t>(value >> 8);
    }
  }
}

}  // namespace vnpu::cv18xx
