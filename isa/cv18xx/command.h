// TIU and TDMA commands as structs. Members, decoder, encoder, printer and documentation are all made from
// tiu_fields.def and tdma_fields.def, the only place where bit positions stand.
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

namespace vnpu::cv18xx {

struct Field {
  std::string_view name;
  std::uint16_t bit;   // from bit 0 of word 0
  std::uint8_t width;  // bits
  std::uint32_t reset;
  bool ignored;  // has no effect in the vendor's simulator
  std::string_view meaning;
};

inline constexpr std::size_t tiu_bytes = 0x70;  // 7 packets of 16 bytes
inline constexpr std::size_t tdma_bytes = 0x40;

struct TiuCommand {
#define VNPU_FIELD(name, word, bit, width, reset, effect, meaning) std::uint32_t name = reset;
#include "isa/cv18xx/tiu_fields.def"
#undef VNPU_FIELD
  bool operator==(const TiuCommand&) const = default;
};

struct TdmaCommand {
#define VNPU_FIELD(name, word, bit, width, reset, effect, meaning) std::uint32_t name = reset;
#include "isa/cv18xx/tdma_fields.def"
#undef VNPU_FIELD
  bool operator==(const TdmaCommand&) const = default;

  std::uint64_t src_address() const { return src_base_addr_low | std::uint64_t{src_base_addr_high} << 32; }
  std::uint64_t dst_address() const { return dst_base_addr_low | std::uint64_t{dst_base_addr_high} << 32; }
  std::uint32_t src_c_stride() const { return src_c_stride_low | src_c_stride_high << 16; }
  std::uint32_t dst_c_stride() const { return dst_c_stride_low | dst_c_stride_high << 16; }
};

// Operation codes: tsk_typ and, for the last two groups, tsk_eu_typ.
enum TskTyp : std::uint32_t { tsk_conv = 0, tsk_pool = 1, tsk_matmul = 2, tsk_arith = 3 };
enum PoolOp : std::uint32_t { pool_max = 0, pool_avg = 1, pool_depthwise = 2, pool_min = 3 };
enum ArithOp : std::uint32_t {
  arith_mul = 0,
  arith_mac,
  arith_add,
  arith_sub,
  arith_max,
  arith_min,
  arith_shift,
  arith_and,
  arith_or,
  arith_xor,
  arith_copy,
  arith_ge,
  arith_lut
};
enum TransDir : std::uint32_t { g2l = 0, l2g = 1, g2g = 2, l2l = 3 };  // g global, l local memory
enum SpecFunc : std::uint32_t { spec_copy = 0, spec_transpose = 1, spec_fill = 4 };

std::span<const Field> tiu_fields();
std::span<const Field> tdma_fields();

// The values of all fields, in the order of the tables.
std::vector<std::uint32_t> field_values(const TiuCommand& command);
std::vector<std::uint32_t> field_values(const TdmaCommand& command);

// Words in logical packet order (packet 0 first), as they stand in a CMDBUF section.
TiuCommand decode_tiu(std::span<const std::uint8_t, tiu_bytes> words);
TdmaCommand decode_tdma(std::span<const std::uint8_t, tdma_bytes> words);
// Values are cut to their field's width. Round trip: encode(decode(x)) == x for every x.
std::array<std::uint8_t, tiu_bytes> encode(const TiuCommand& command);
std::array<std::uint8_t, tdma_bytes> encode(const TdmaCommand& command);

}  // namespace vnpu::cv18xx
