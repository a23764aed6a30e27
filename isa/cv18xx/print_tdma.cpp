#include <array>

#include "isa/cv18xx/print_parts.h"

namespace vnpu::cv18xx {
namespace {

constexpr std::uint32_t fmt_bf16 = 2;

bool from_global(const TdmaCommand& c) { return c.trans_dir == g2l || c.trans_dir == g2g; }
bool to_global(const TdmaCommand& c) { return c.trans_dir == l2g || c.trans_dir == g2g; }
bool is_fill(const TdmaCommand& c) { return c.spec_func == spec_fill && !c.trans_fmt; }
bool is_matrix(const TdmaCommand& c) { return c.sys_dtype && !is_fill(c) && !c.trans_fmt; }

std::string format(std::uint32_t fmt, bool sign) {
  switch (fmt) {
    case 1: return sign ? "i8" : "u8";
    case fmt_bf16: return "bf16";
    default: return "fmt" + std::to_string(fmt);
  }
}

std::string formats(const TdmaCommand& c) {
  if (c.src_fmt == c.dst_fmt) return format(c.dst_fmt, true);
  return format(c.src_fmt, c.int8_sign) + "->" + format(c.dst_fmt, c.int8_sign);
}

std::uint32_t element(std::uint32_t fmt) { return fmt == fmt_bf16 ? 2 : 1; }

std::string address(const TdmaCommand& c, bool source) {
  const std::uint64_t at = source ? c.src_address() : c.dst_address();
  const bool global = source ? from_global(c) : to_global(c);
  const std::uint32_t sel = source ? c.src_base_reg_sel : c.dst_base_reg_sel;
  return global ? global_address(sel, at) : local_address(at);
}

// Shape and, where it is not packed, strides of one side. Matrices: rows x columns on the global side.
std::string shape(const TdmaCommand& c, bool source, const PrintOptions& options, bool with_dims) {
  const bool global = source ? from_global(c) : to_global(c);
  const std::uint64_t at = source ? c.src_address() : c.dst_address();
  const std::uint32_t e = element(source ? c.src_fmt : c.dst_fmt);
  Dims dims = source ? Dims{c.src_n, c.src_c, c.src_h, c.src_w} : Dims{c.src_n, c.dst_c, c.dst_h, c.dst_w};
  Strides strides = source ? Strides{c.src_n_stride, c.src_c_stride(), c.src_h_stride, e}
                           : Strides{c.dst_n_stride, c.dst_c_stride(), c.dst_h_stride, e};
  if (is_matrix(c) && global) {
    const std::uint32_t rows = source ? c.src_n : c.dst_c;
    const std::uint32_t columns = source ? c.src_w : c.dst_w;
    std::string out = with_dims ? " " + pair(rows, columns) : "";
    if (rows > 1 && strides.c != std::uint64_t{columns} * e) out += " row=" + std::to_string(strides.c);
    return out;
  }
  // The transposes give the destination another N than the source has.
  if (!source && c.spec_func == spec_transpose) {
    if (is_matrix(c)) dims.n = c.src_w;
    if (!is_matrix(c) && c.transpose_md == 0) dims.n = c.src_c;
  }
  const Strides packed = global
                             ? packed_global(dims, e)
                             : packed_local(dims, e, static_cast<std::uint32_t>(at / lane_bytes % options.chip.lanes),
                                            options.chip.lanes, true);
  const std::string out = with_dims ? " " + text(dims) : "";
  const std::string different = stride_text(dims, strides, packed);
  const bool tight = !global && stride_text(dims, strides, packed_local(dims, e, 0, options.chip.lanes, false)).empty();
  return out + (different.empty() ? "" : tight ? " str=tight" : different);
}

}  // namespace

std::vector<GlobalSide> global_sides(const TdmaCommand& c) {
  std::vector<GlobalSide> sides;
  if (from_global(c) && !is_fill(c)) sides.push_back({c.src_base_reg_sel, c.src_address()});
  if (to_global(c)) sides.push_back({c.dst_base_reg_sel, c.dst_address()});
  return sides;
}

std::string mnemonic(const TdmaCommand& c) {
  constexpr std::array<const char*, 4> directions{"g2l", "l2g", "g2g", "l2l"};
  const std::string name = std::string("tdma.") + directions[c.trans_dir & 3];
  if (c.trans_fmt) return name + ".bytes";
  if (c.spec_func == spec_fill) return "tdma.fill." + format(c.dst_fmt, true);
  if (c.spec_func > spec_transpose) return name + ".spec" + std::to_string(c.spec_func);
  std::string kind = c.sys_dtype ? ".matrix" : ".tensor";
  if (c.compress_en) kind = c.sys_dtype ? ".matrix.vlc" : ".vlc";
  if (c.spec_func == spec_transpose) {
    constexpr std::array<const char*, 4> kinds{".nc", ".hwc3", ".hwc4", ".cw"};
    kind += c.sys_dtype && c.transpose_md == 0 ? ".t" : kinds[c.transpose_md & 3];
  }
  if (c.mv_lut_idx) kind = ".lutidx";
  if (c.mv_lut_base) kind = ".lutbase";
  return name + kind + "." + formats(c);
}

std::uint64_t mnemonic_key(const TdmaCommand& c) {
  std::uint64_t key = c.trans_dir;
  for (const std::uint32_t field : {c.trans_fmt, c.spec_func, c.sys_dtype, c.compress_en, c.transpose_md, c.mv_lut_idx,
                                    c.mv_lut_base, c.src_fmt, c.dst_fmt, c.int8_sign}) {
    key = key << 5 | field;
  }
  return key;
}

Line line_of(const TdmaCommand& c, const PrintOptions& options) {
  Line line;
  if (c.trans_fmt) {
    line.operands = {"dst " + address(c, false), "src " + address(c, true)};
    line.attributes.push_back("bytes=" + std::to_string(c.src_n_stride));
  } else if (is_fill(c)) {
    line.operands.push_back("dst " + address(c, false) + shape(c, false, options, true));
    line.attributes.push_back("value=" + (c.dst_fmt == fmt_bf16 ? bf16_text(c.const_val) : hex(c.const_val & 0xFF, 2)));
  } else {
    // The shape is told once when both sides have the same.
    const Dims from{c.src_n, c.src_c, c.src_h, c.src_w}, to{c.src_n, c.dst_c, c.dst_h, c.dst_w};
    const bool once = from == to && c.spec_func != spec_transpose && !is_matrix(c);
    line.operands = {"dst " + address(c, false) + shape(c, false, options, true),
                     "src " + address(c, true) + shape(c, true, options, !once)};
    if (c.src_fmt == fmt_bf16 && c.dst_fmt == 1 && c.int8_rnd_mode) line.attributes.push_back("trunc");
    if (c.compress_en && c.trans_dir == l2g) {
      line.attributes.push_back("bias=" + std::to_string(c.compress_bias0) + "," + std::to_string(c.compress_bias1));
      if (c.compress_zero_guard) line.attributes.push_back("zero_guard");
      if (c.cmprs_fmt) line.attributes.push_back("signed");
    }
  }
  if (c.eod) line.attributes.push_back("eod");
  return line;
}

}  // namespace vnpu::cv18xx
