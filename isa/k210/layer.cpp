#include "isa/k210/layer.h"

#include <cstring>

namespace vnpu::k210 {
namespace {

constexpr bool u = false, s = true;
using enum Effect;

constexpr Field layer_table[] = {
#define VNPU_FIELD(name, word, bit, width, sign, effect, meaning) {#name, word, bit, width, sign, effect, meaning},
#include "isa/k210/layer_fields.def"
};
constexpr Field bn_table[] = {
#include "isa/k210/bn_fields.def"
};
constexpr Field activation_table[] = {
#include "isa/k210/activation_fields.def"
#undef VNPU_FIELD
};

constexpr PoolShape pools[] = {
    {1, 1, ""},          {2, 2, "max2"},       {2, 2, "mean2"},     {4, 4, "max4"},          {4, 4, "mean4"},
    {2, 2, "left_top2"}, {2, 2, "right_top2"}, {4, 4, "left_top4"}, {2, 1, "mean2_stride1"}, {2, 1, "max2_stride1"}};

std::int64_t get(const std::uint8_t* bytes, unsigned word, unsigned bit, unsigned width, bool is_signed) {
  std::uint64_t value;
  std::memcpy(&value, bytes + std::size_t{word} * 8, 8);
  value = value << (64 - bit - width);
  return is_signed ? static_cast<std::int64_t>(value) >> (64 - width)
                   : static_cast<std::int64_t>(value >> (64 - width));
}

void put(std::uint8_t* bytes, unsigned word, unsigned bit, unsigned width, std::int64_t value) {
  const std::uint64_t bits = static_cast<std::uint64_t>(value) << (64 - width) >> (64 - width) << bit;
  for (unsigned i = 0; i < 8; ++i) bytes[word * 8 + i] |= static_cast<std::uint8_t>(bits >> (8 * i));
}

}  // namespace

const PoolShape* pool_shape(std::int64_t type) {
  return type >= 0 && type < static_cast<std::int64_t>(std::size(pools)) ? &pools[type] : nullptr;
}

std::span<const Field> layer_fields() { return layer_table; }
std::span<const Field> bn_fields() { return bn_table; }
std::span<const Field> activation_fields() { return activation_table; }

std::vector<std::int64_t> field_values(const Layer& layer) {
  return {
#define VNPU_FIELD(name, word, bit, width, sign, effect, meaning) layer.name,
#include "isa/k210/layer_fields.def"
#undef VNPU_FIELD
  };
}

#define VNPU_FIELD(name, word, bit, width, sign, effect, meaning) out.name = get(bytes, word, bit, width, sign);
Layer decode_layer(std::span<const std::uint8_t, layer_bytes> words) {
  const std::uint8_t* bytes = words.data();
  Layer out;
#include "isa/k210/layer_fields.def"
  return out;
}

BnEntry decode_bn(std::span<const std::uint8_t, bn_bytes> word) {
  const std::uint8_t* bytes = word.data();
  BnEntry out;
#include "isa/k210/bn_fields.def"
  return out;
}

Activation decode_activation(std::span<const std::uint8_t, activation_bytes> table) {
  Activation all;
  for (std::size_t i = 0; i < segment_count; ++i) {
    const std::uint8_t* bytes = table.data() + 8 * i;
    Segment& out = all[i];
#include "isa/k210/activation_fields.def"
    out.result_bias = table[8 * segment_count + i];
  }
  return all;
}
#undef VNPU_FIELD

#define VNPU_FIELD(name, word, bit, width, sign, effect, meaning) put(bytes, word, bit, width, in.name);
Layer decode_layer(const std::array<std::uint64_t, 12>& words) {
  std::array<std::uint8_t, layer_bytes> bytes;
  std::memcpy(bytes.data(), words.data(), bytes.size());
  return decode_layer(bytes);
}

std::array<std::uint8_t, layer_bytes> encode(const Layer& in) {
  std::array<std::uint8_t, layer_bytes> out{};
  std::uint8_t* bytes = out.data();
#include "isa/k210/layer_fields.def"
  return out;
}

std::array<std::uint8_t, bn_bytes> encode(const BnEntry& in) {
  std::array<std::uint8_t, bn_bytes> out{};
  std::uint8_t* bytes = out.data();
#include "isa/k210/bn_fields.def"
  return out;
}

std::array<std::uint8_t, activation_bytes> encode(const Activation& table) {
  std::array<std::uint8_t, activation_bytes> out{};
  for (std::size_t i = 0; i < segment_count; ++i) {
    std::uint8_t* bytes = out.data() + 8 * i;
    const Segment& in = table[i];
#include "isa/k210/activation_fields.def"
    out[8 * segment_count + i] = in.result_bias;
  }
  return out;
}
#undef VNPU_FIELD

}  // namespace vnpu::k210
