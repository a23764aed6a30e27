#include "isa/cv18xx/command.h"

namespace vnpu::cv18xx {
namespace {

constexpr bool ignored = true;
constexpr bool used = false;

constexpr Field tiu_table[] = {
#define VNPU_FIELD(name, word, bit, width, reset, effect, meaning) \
  {#name, (word)*32 + (bit), width, reset, effect, meaning},
#include "isa/cv18xx/tiu_fields.def"
};
constexpr Field tdma_table[] = {
#include "isa/cv18xx/tdma_fields.def"
#undef VNPU_FIELD
};

// A field is at most 32 bits wide, so it spans at most 5 bytes.
std::uint32_t get(const std::uint8_t* words, unsigned bit, unsigned width) {
  std::uint64_t value = 0;
  for (unsigned i = bit / 8, shift = 0; i <= (bit + width - 1) / 8; ++i, shift += 8) {
    value |= std::uint64_t{words[i]} << shift;
  }
  return static_cast<std::uint32_t>(value >> (bit % 8) & ((std::uint64_t{1} << width) - 1));
}

void put(std::uint8_t* words, unsigned bit, unsigned width, std::uint32_t value) {
  const std::uint64_t bits = (value & ((std::uint64_t{1} << width) - 1)) << (bit % 8);
  for (unsigned i = bit / 8, shift = 0; i <= (bit + width - 1) / 8; ++i, shift += 8) {
    words[i] |= static_cast<std::uint8_t>(bits >> shift);
  }
}

}  // namespace

std::span<const Field> tiu_fields() { return tiu_table; }
std::span<const Field> tdma_fields() { return tdma_table; }

#define VNPU_FIELD(name, word, bit, width, reset, effect, meaning) c.name,
std::vector<std::uint32_t> field_values(const TiuCommand& c) {
  return {
#include "isa/cv18xx/tiu_fields.def"
  };
}

std::vector<std::uint32_t> field_values(const TdmaCommand& c) {
  return {
#include "isa/cv18xx/tdma_fields.def"
  };
}
#undef VNPU_FIELD

#define VNPU_FIELD(name, word, bit, width, reset, effect, meaning) c.name = get(words.data(), (word)*32 + (bit), width);
TiuCommand decode_tiu(std::span<const std::uint8_t, tiu_bytes> words) {
  TiuCommand c;
#include "isa/cv18xx/tiu_fields.def"
  return c;
}

TdmaCommand decode_tdma(std::span<const std::uint8_t, tdma_bytes> words) {
  TdmaCommand c;
#include "isa/cv18xx/tdma_fields.def"
  return c;
}
#undef VNPU_FIELD

#define VNPU_FIELD(name, word, bit, width, reset, effect, meaning) put(words.data(), (word)*32 + (bit), width, c.name);
std::array<std::uint8_t, tiu_bytes> encode(const TiuCommand& c) {
  std::array<std::uint8_t, tiu_bytes> words{};
#include "isa/cv18xx/tiu_fields.def"
  return words;
}

std::array<std::uint8_t, tdma_bytes> encode(const TdmaCommand& c) {
  std::array<std::uint8_t, tdma_bytes> words{};
#include "isa/cv18xx/tdma_fields.def"
  return words;
}
#undef VNPU_FIELD

}  // namespace vnpu::cv18xx
