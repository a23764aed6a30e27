#include "tests/sim/bm1684x/random_command.h"

#include <algorithm>
#include <cstring>
#include <vector>

#include "base/error.h"
#include "isa/bm1684x/fields.h"

namespace vnpu::bm1684x::test {
namespace {

bool ends_with(std::string_view name, std::string_view end) { return name.ends_with(end); }

std::uint32_t address(ByteSource& s) {
  const std::uint32_t lane = s.below(4) == 0 ? s.below(64) : 0;
  return lane << 18 | s.next() << 8 | (s.next() & 0xC0);
}

std::uint32_t tiu_value(std::string_view name, ByteSource& s) {
  if (ends_with(name, "_addr")) return address(s);
  if (name == "opd2_n_str") return s.below(8);
  if (name == "opd1_h" || name == "opd1_w") return 1 + s.below(4);
  if (ends_with(name, "_n")) return 1 + (s.below(8) == 0);
  if (ends_with(name, "_c")) return 1 + s.below(s.below(2) ? 5 : 80);
  if (ends_with(name, "_h") || ends_with(name, "_w")) return 1 + s.below(12);
  if (ends_with(name, "_prec")) return s.below(6);
  if (ends_with(name, "_n_str") || ends_with(name, "_c_str")) return s.below(250);
  if (ends_with(name, "_h_str") || ends_with(name, "_w_str")) return s.below(3) ? s.below(2) : s.below(20);
  if (ends_with(name, "_str") && !name.starts_with("res_op")) return s.below(3) ? 0 : s.below(5);
  if (name.starts_with("res_op")) return 1 + s.below(3);
  if (ends_with(name, "_pad")) return s.below(3);
  if (ends_with(name, "_ins0")) return s.below(6) == 0;
  if (name == "pad_mode" || name == "cmd_short") return s.below(32) == 0;
  if (name == "tsk_opd_num") return 2 + s.below(2);
  if (name.starts_with("tsk_lane_num")) return s.below(2) ? ~0u : s.next() * 0x01010101u;
  return s.below(2);
}

// Sizes of windows and matrices that fit together, more often than chance would have them.
void fit(TiuCommand& c, ByteSource& s) {
  if (s.below(8) == 0) return;
  if (c.tsk_typ == tsk_conv || c.tsk_typ == tsk_pord) {
    const std::uint32_t high = (c.opd0_h - 1) * (c.opd0_y_ins0 + 1) + 1 + c.opd0_up_pad + c.opd0_dn_pad;
    const std::uint32_t wide = (c.opd0_w - 1) * (c.opd0_x_ins0 + 1) + 1 + c.opd0_lf_pad + c.opd0_rt_pad;
    const std::uint32_t reach_y = (c.opd1_h - 1) * (c.opd1_y_ins0 + 1) + 1;
    const std::uint32_t reach_x = (c.opd1_w - 1) * (c.opd1_x_ins0 + 1) + 1;
    if (high >= reach_y) c.res0_h = (high - reach_y) / c.res_op_y_str + 1;
    if (wide >= reach_x) c.res0_w = (wide - reach_x) / c.res_op_x_str + 1;
    if (c.tsk_typ == tsk_conv && s.below(4)) c.tsk_eu_typ = 0;
    if (c.opd0_prec == i8) c.res0_prec = s.below(2) ? i32 : i16;
    if (c.opd0_prec != i8 && s.below(2)) c.res0_prec = c.opd0_prec;
  }
  if (c.tsk_typ == tsk_mm && c.tsk_eu_typ < 4) {
    c.opd1_w = std::min(c.opd1_w, c.opd0_w);
    if (s.below(2)) c.opd0_prec = c.res0_prec = f32, c.tsk_eu_typ = 1;
  }
  if (c.tsk_typ == tsk_mm && c.tsk_eu_typ >= 4) {
    (c.tsk_eu_typ == 5 ? c.opd1_c : c.opd1_w) = c.res0_w;
    if (c.opd0_prec == i8) c.res0_prec = i32;
    if (c.opd0_prec != i8 && s.below(2)) c.res0_prec = c.opd0_prec;
  }
  if (c.tsk_typ == tsk_sg && c.tsk_eu_typ < 17) {
    c.opd0_prec = c.res0_prec;
    if (s.below(2)) c.opd0_prec = c.res0_prec = c.opd1_prec = i8, c.opd0_w = 256, c.opd0_h = 1;
    c.opd1_w = c.res0_h * c.res0_w;
  }
  if (c.tsk_typ == tsk_rqdq && s.below(4)) {
    c.opd0_prec = c.tsk_eu_typ < 2 ? (s.below(2) ? i16 : i32) : (s.below(2) ? i8 : i16);
    c.res0_prec = c.tsk_eu_typ == 3 ? f32 : s.below(2) ? i8 : i16;
  }
  if (c.tsk_typ == tsk_trans_bc) c.opd0_c = c.res0_w, c.opd0_w = c.res0_c;
  if ((c.tsk_typ == tsk_ar || c.tsk_typ == tsk_vc) && s.below(3)) {
    c.opd1_prec = c.opd0_prec;
    if (s.below(2)) c.res0_prec = c.opd0_prec;
  }
}

// The background of local memory: bytes, f32 and f16 in turn.
const std::vector<std::uint8_t>& background() {
  static const std::vector<std::uint8_t> bytes = [] {
    std::vector<std::uint8_t> all(local_bytes);
    std::uint32_t state = 1;
    const auto next = [&] { return (state = state * 1664525 + 1013904223) >> 8; };
    for (std::size_t at = 0; at < all.size(); at += 4) {
      const std::uint32_t kind = at / 1024 % 3;
      std::uint32_t word = (next() << 8) ^ next();
      if (kind == 1) word = (word & 0x807FFFFF) | ((122 + word / 256 % 8) << 23);
      if (kind == 2) word = (word & 0x83FF83FF) | (0x34003400u + ((word >> 5) & 0x0C000C00));
      std::memcpy(all.data() + at, &word, 4);
    }
    return all;
  }();
  return bytes;
}

constexpr std::size_t used_of_lane = 0x20000;  // no legal random command writes beyond

std::string error_of(const std::variant<TiuCommand, GdmaCommand>& command, Memory& memory, SimdLevel level) {
  try {
    std::visit([&](const auto& c) { execute(c, memory, {level}); }, command);
    return {};
  } catch (const Error& error) {
    return error.what();
  }
}

std::string first_difference(const char* name, std::span<const std::uint8_t> law, std::span<const std::uint8_t> fast) {
  if (std::memcmp(law.data(), fast.data(), law.size()) == 0) return {};
  const auto at = std::ranges::mismatch(law, fast).in1 - law.begin();
  return std::string(name) + " byte " + std::to_string(at) + ": " + std::to_string(law[static_cast<std::size_t>(at)]) +
         " by the law, " + std::to_string(fast[static_cast<std::size_t>(at)]) + " by the kernels";
}

}  // namespace

TiuCommand make_tiu(ByteSource& s) {
  const auto operations = tiu_operations();
  const TiuOperation& operation = operations[s.below(static_cast<std::uint32_t>(operations.size()))];
  TiuCommand command;
  for (const TiuField& field : tiu_fields()) command.*field.member = tiu_value(field.name, s);
  command.tsk_typ = operation.type;
  command.tsk_eu_typ = operation.eu;
  fit(command, s);
  return command;
}

GdmaCommand make_gdma(ByteSource& s) {
  const auto operations = gdma_operations();
  const GdmaOperation& operation = operations[s.below(static_cast<std::uint32_t>(operations.size()))];
  GdmaCommand c;
  for (const GdmaField& field : gdma_fields()) c.*field.member = s.below(2);
  c.cmd_type = operation.type;
  c.cmd_special_function = operation.function;
  c.decompress_enable = s.below(32) == 0;
  c.fill_constant_en = s.below(8) == 0;
  c.src_data_format = s.below(6);
  c.index_data_format = s.below(6);
  for (auto* size : {&c.src_nsize, &c.dst_nsize}) *size = 1 + s.below(3);
  for (auto* size : {&c.src_csize, &c.dst_csize}) *size = 1 + s.below(s.below(2) ? 4 : 80);
  for (auto* size : {&c.src_hsize, &c.src_wsize, &c.dst_hsize, &c.dst_wsize}) *size = 1 + s.below(12);
  for (auto* stride : {&c.src_nstride, &c.dst_nstride, &c.src_cstride, &c.dst_cstride}) *stride = s.below(200);
  for (auto* stride : {&c.src_hstride, &c.dst_hstride}) *stride = s.below(20);
  for (auto* stride : {&c.src_wstride, &c.dst_wstride}) *stride = s.below(4) ? 1 : s.below(4);
  c.index_csize = s.below(2) ? 1 : c.src_csize;
  c.index_hsize = 1 + s.below(8);
  c.localmem_mask_l32 = c.localmem_mask_h32 = s.below(2) ? ~0u : s.next() * 0x01010101u;
  const auto place = [&](std::uint32_t& low, std::uint32_t& high) {
    const std::uint32_t kind = s.below(5);
    high = kind < 2;
    low = kind < 2 ? s.next() << 8 | s.next() : kind < 4 ? 0x08000000 | address(s) : s.next() << 24;
  };
  place(c.src_start_addr_l32, c.src_start_addr_h8);
  place(c.dst_start_addr_l32, c.dst_start_addr_h8);
  place(c.index_start_addr_l32, c.index_start_addr_h8);
  return c;
}

LevelPair::LevelPair() : law_(ddr_bytes), fast_(ddr_bytes) {}

void LevelPair::reset(Memory& memory) {
  for (std::uint32_t lane = 0; lane < lane_count; ++lane) {
    const std::size_t at = std::size_t{lane} * lane_bytes;
    std::memcpy(memory.local().data() + at, background().data() + at, used_of_lane);
  }
  std::memcpy(memory.ddr().data(), background().data() + used_of_lane / 2, used_of_lane);
  memory.lane_mask = {};
}

std::string LevelPair::run(const std::variant<TiuCommand, GdmaCommand>& command, SimdLevel level) {
  reset(law_);
  reset(fast_);
  const std::string law = error_of(command, law_, SimdLevel::scalar), fast = error_of(command, fast_, level);
  refused_ = !law.empty();
  if (law != fast) return "the law says '" + law + "', the kernels '" + fast + "'";
  const std::string local = first_difference("local", law_.local(), fast_.local());
  return local.empty() ? first_difference("DDR", law_.ddr(), fast_.ddr()) : local;
}

}  // namespace vnpu::bm1684x::test
