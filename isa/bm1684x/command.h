// TIU and GDMA commands of the BM1684X as structs. Members, decoder, encoder, printer and documentation are all made
// from tiu_fields.def, gdma_fields.def and operations.def, the only place where bit positions stand.
// A command comes in a long form or in a short one; a short command is exactly the long command with the fields of the
// same names filled and all others 0, so both decode into the same struct.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "base/bytes.h"

namespace vnpu::bm1684x {

enum class Engine : std::uint8_t { tiu = 0, gdma = 1 };
const char* name(Engine engine);  // "tiu", "gdma"

// Element types: *_prec of the TIU, *_data_format of the GDMA.
enum Prec : std::uint32_t { i8 = 0, f16 = 1, f32 = 2, i16 = 3, i32 = 4, bf16 = 5, i4 = 6 };
const char* prec_name(std::uint32_t prec);        // "i8", ...; "?" for 7
std::uint32_t element_bytes(std::uint32_t prec);  // 1, 2, 4; 0 for i4 and 7, which have none

// Layouts: *_str.
enum Layout : std::uint32_t { aligned = 0, compact = 1, per_channel = 2, strided = 3 };

// tsk_typ
enum TskTyp : std::uint32_t {
  tsk_conv = 0,
  tsk_pord = 1,
  tsk_mm = 2,  // eu 1..3 MM, 4..6 MM2
  tsk_ar = 3,
  tsk_rqdq = 4,
  tsk_trans_bc = 5,
  tsk_sg = 6,  // eu 17, 18 SGL
  tsk_lar = 7,
  tsk_sfu = 9,
  tsk_lin = 10,
  tsk_cmp = 13,
  tsk_vc = 14,
  tsk_sys = 15
};

// cmd_type
enum DmaType : std::uint32_t {
  dma_tensor = 0,
  dma_matrix = 1,
  dma_masked_select = 2,
  dma_general = 3,
  dma_cw_transpose = 4,
  dma_nonzero = 5,
  dma_sys = 6,
  dma_gather = 7,
  dma_scatter = 8
};

enum SysEu : std::uint32_t {
  sys_swr = 2,
  sys_swr_from_lmem = 3,
  sys_swr_collect_from_lmem = 4,
  sys_nop = 30,
  sys_end = 31
};

struct TiuCommand {
#define TIU_FIELD(name, meaning, places) std::uint32_t name = 0;
#include "isa/bm1684x/tiu_fields.def"
#undef TIU_FIELD
  bool operator==(const TiuCommand&) const = default;

  // Lanes whose bit is 0 are not written. Short forms write all of them.
  std::uint64_t lane_mask() const {
    return cmd_short ? ~std::uint64_t{0} : tsk_lane_num_l32 | std::uint64_t{tsk_lane_num_h32} << 32;
  }
  std::uint64_t swr_value() const { return swr_value_l32 | std::uint64_t{swr_value_h32} << 32; }
};

struct GdmaCommand {
#define GDMA_FIELD(name, meaning, places) std::uint32_t name = 0;
#include "isa/bm1684x/gdma_fields.def"
#undef GDMA_FIELD
  bool operator==(const GdmaCommand&) const = default;

  std::uint64_t src_address() const { return src_start_addr_l32 | std::uint64_t{src_start_addr_h8} << 32; }
  std::uint64_t dst_address() const { return dst_start_addr_l32 | std::uint64_t{dst_start_addr_h8} << 32; }
  std::uint64_t index_address() const { return index_start_addr_l32 | std::uint64_t{index_start_addr_h8 & 0xff} << 32; }
  // Local lanes whose bit is 0 are not written.
  std::uint64_t lane_mask() const { return localmem_mask_l32 | std::uint64_t{localmem_mask_h32} << 32; }
};

// The address map as the GDMA sees it. TIU commands address local memory by lane << 18 | offset alone.
inline constexpr std::uint32_t lane_count = 64;
inline constexpr std::uint32_t lane_bytes = 0x40000;
inline constexpr std::uint32_t eu_bytes = 64;  // of one lane; the unit of the aligned layout
inline constexpr std::uint64_t local_base = 0x0800'0000, local_bytes = std::uint64_t{lane_count} * lane_bytes;
inline constexpr std::uint64_t static_base = 0x0900'0000, static_bytes = 0x1'0000;
inline constexpr std::uint64_t l2_base = 0x1000'0000, l2_bytes = 0x1FB000;
inline constexpr std::uint64_t ddr_base = 0x1'0000'0000, ddr_limit = std::uint64_t{1} << 40;

// Bytes of a whole command by its first ones; they tell kind, operation and form. Throws Error(damaged) when fewer than
// 16 bytes are there and Error(unsupported), naming kind and operation, for what does not exist.
std::size_t tiu_command_bytes(ByteView bytes);
std::size_t gdma_command_bytes(ByteView bytes);

// Decodes the command at the start of `bytes`; throws as above, and Error(damaged) when it is cut short.
TiuCommand decode_tiu(ByteView bytes);
GdmaCommand decode_gdma(ByteView bytes);

// The command in the form that its cmd_short names. Values are cut to their field's width, fields without a place are
// left out: encode(decode(x)) == x for every x whose reserved bits are 0. Throws Error(unsupported) as above.
Bytes encode(const TiuCommand& command);
Bytes encode(const GdmaCommand& command);

// "conv.normal", "arith.add", "dma.tensor"; "tiu.8.3", "dma.9.0" for what does not exist, so that any word can be
// printed.
std::string mnemonic(const TiuCommand& command);
std::string mnemonic(const GdmaCommand& command);

}  // namespace vnpu::bm1684x
