// What the KPU is told: the layer descriptor and the two tables that a layer loads. Members, decoder, encoder, printer
// and documentation are all made from the .def tables, the only place where bit positions stand (docs/isa_k210.md).
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

namespace vnpu::k210 {

enum class Effect : std::uint8_t { used, ignored, refused };  // see layer_fields.def

struct Field {
  std::string_view name;
  std::uint8_t word, bit, width;
  bool is_signed;
  Effect effect;
  std::string_view meaning;
};

inline constexpr std::size_t layer_bytes = 96;
inline constexpr std::size_t bn_bytes = 8;            // one entry
inline constexpr std::size_t activation_bytes = 144;  // the table
inline constexpr std::size_t segment_count = 16;

// Fields as they stand in the words (counts are stored minus 1), sign extended where they are signed.
struct Layer {
#define VNPU_FIELD(name, word, bit, width, sign, effect, meaning) std::int64_t name = 0;
#include "isa/k210/layer_fields.def"
#undef VNPU_FIELD
  bool operator==(const Layer&) const = default;

  std::uint32_t in_channels() const { return static_cast<std::uint32_t>(i_ch_num) + 1; }
  std::uint32_t out_channels() const { return static_cast<std::uint32_t>(o_ch_num) + 1; }
  std::uint32_t in_width() const { return static_cast<std::uint32_t>(i_row_wid) + 1; }
  std::uint32_t in_height() const { return static_cast<std::uint32_t>(i_col_high) + 1; }
  std::uint32_t out_width() const { return static_cast<std::uint32_t>(o_row_wid) + 1; }
  std::uint32_t out_height() const { return static_cast<std::uint32_t>(o_col_high) + 1; }
  std::uint32_t loads() const { return static_cast<std::uint32_t>(load_time) + 1; }
  bool depthwise() const { return depth_wise_layer != 0; }
  // Edge of the kernel: 1 or 3; 0 for a kernel type that does not exist.
  std::uint32_t kernel() const { return kernel_type == 0 ? 1 : kernel_type == 1 ? 3 : 0; }
  std::uint64_t weights_per_output() const {
    return std::uint64_t{kernel()} * kernel() * (depthwise() ? 1 : in_channels());
  }
  std::uint64_t weight_count() const { return weights_per_output() * out_channels(); }
};

struct BnEntry {
#define VNPU_FIELD(name, word, bit, width, sign, effect, meaning) std::int64_t name = 0;
#include "isa/k210/bn_fields.def"
#undef VNPU_FIELD
  bool operator==(const BnEntry&) const = default;
};

struct Segment {
#define VNPU_FIELD(name, word, bit, width, sign, effect, meaning) std::int64_t name = 0;
#include "isa/k210/activation_fields.def"
#undef VNPU_FIELD
  std::uint8_t result_bias = 0;
  bool operator==(const Segment&) const = default;
};
using Activation = std::array<Segment, segment_count>;

enum PoolType : std::int64_t {
  pool_none = 0,
  pool_max2 = 1,
  pool_mean2 = 2,
  pool_max4 = 3,
  pool_mean4 = 4,
  pool_left_top2 = 5,
  pool_right_top2 = 6,
  pool_left_top4 = 7,
  pool_mean2_stride1 = 8,
  pool_max2_stride1 = 9,
};
struct PoolShape {
  std::uint32_t window = 1, stride = 1;
  std::string_view name;  // "max2", "left_top2"; empty for type 0
};
const PoolShape* pool_shape(std::int64_t type);  // null for a type that does not exist

std::span<const Field> layer_fields();
std::span<const Field> bn_fields();
std::span<const Field> activation_fields();
std::vector<std::int64_t> field_values(const Layer& layer);  // in the order of the table

Layer decode_layer(std::span<const std::uint8_t, layer_bytes> words);
Layer decode_layer(const std::array<std::uint64_t, 12>& words);
// Values are cut to their field's width. Round trip: encode(decode(x)) == x for every x.
std::array<std::uint8_t, layer_bytes> encode(const Layer& layer);

BnEntry decode_bn(std::span<const std::uint8_t, bn_bytes> word);
std::array<std::uint8_t, bn_bytes> encode(const BnEntry& entry);
Activation decode_activation(std::span<const std::uint8_t, activation_bytes> table);
std::array<std::uint8_t, activation_bytes> encode(const Activation& table);

}  // namespace vnpu::k210
