#include <array>

#include "base/text.h"
#include "isa/bm1684x/print.h"

namespace vnpu::bm1684x {
namespace {

using Four = std::array<std::uint32_t, 4>;

struct Operand {
  const char* name;
  std::uint32_t address;
  bool is_const;
  std::uint32_t prec;
  bool is_signed;
  Four dims;
  std::uint32_t layout = aligned;
  Four strides{};
};

std::string type_text(std::uint32_t prec, bool is_signed) {
  std::string text = prec_name(prec);
  if (!is_signed && text[0] == 'i') text[0] = 'u';
  return text;
}

std::string four(const Four& values, const char* separator) {
  std::string text;
  for (const auto value : values) text += (text.empty() ? "" : separator) + std::to_string(value);
  return text;
}

std::string two(std::uint32_t y, std::uint32_t x) { return std::to_string(y) + "x" + std::to_string(x); }

// `result`: dimensions that need not be told again.
std::string text(const Operand& operand, const Four* result = nullptr) {
  std::string out = operand.name;
  if (operand.is_const) return out + " =" + hex(operand.address) + " " + type_text(operand.prec, operand.is_signed);
  out += " " + local_address(operand.address) + " " + type_text(operand.prec, operand.is_signed);
  if (!result || operand.dims != *result) out += " " + four(operand.dims, "x");
  switch (operand.layout) {
    case aligned: break;
    case compact: out += " compact"; break;
    case per_channel: out += " vec"; break;
    case strided: out += " str=" + four(operand.strides, ","); break;
    default: out += " layout" + std::to_string(operand.layout);
  }
  return out;
}

// AR's strides have two bits more, in the fields of h and w.
Four wide_strides(std::uint32_t n, std::uint32_t c, std::uint32_t h, std::uint32_t w) {
  return {n | (h >> 18 & 3) << 16, c | (w >> 18 & 3) << 16, h & 0x3FFFF, w & 0x3FFFF};
}

class Printer {
 public:
  explicit Printer(const TiuCommand& command) : c(command) {}

  Line line() {
    switch (c.tsk_typ) {
      case tsk_conv: convolution(); break;
      case tsk_pord: depthwise(); break;
      case tsk_mm: c.tsk_eu_typ < 4 ? folded_matrix() : matrix(); break;
      case tsk_ar: arithmetic(); break;
      case tsk_rqdq: requantise(); break;
      case tsk_trans_bc: transpose(); break;
      case tsk_sg: gather(); break;
      case tsk_sfu: special(); break;
      case tsk_lin: linear(); break;
      case tsk_cmp: compare(); break;
      case tsk_vc: vectors(); break;
      case tsk_sys: system(); break;
      default: break;
    }
    if (!c.cmd_short && c.tsk_typ != tsk_sys && ~c.lane_mask() != 0) attribute("lanes=" + hex(c.lane_mask(), 16));
    return std::move(line_);
  }

 private:
  Four res() const { return {c.res0_n, c.res0_c, c.res0_h, c.res0_w}; }

  void add(const Operand& operand) {
    const Four result = res();
    line_.operands.push_back(text(operand, line_.operands.empty() ? nullptr : &result));
  }
  void attribute(const std::string& text) { line_.attributes.push_back(text); }
  void flag(bool set, const char* text) {
    if (set) line_.attributes.emplace_back(text);
  }

  void window() {
    attribute("k=" + two(c.opd1_h, c.opd1_w));
    if (c.res_op_y_str != 1 || c.res_op_x_str != 1) attribute("stride=" + two(c.res_op_y_str, c.res_op_x_str));
    if (c.opd1_y_ins0 || c.opd1_x_ins0) attribute("dil=" + two(c.opd1_y_ins0 + 1, c.opd1_x_ins0 + 1));
    if (c.opd0_y_ins0 || c.opd0_x_ins0) attribute("ins=" + two(c.opd0_y_ins0, c.opd0_x_ins0));
    if (c.opd0_up_pad || c.opd0_dn_pad || c.opd0_lf_pad || c.opd0_rt_pad)
      attribute("pad=" + four({c.opd0_up_pad, c.opd0_dn_pad, c.opd0_lf_pad, c.opd0_rt_pad}, ","));
    if (c.pad_mode) attribute("padmode=" + std::to_string(c.pad_mode));
    if (!c.opd3_const) {
      attribute("fill=" + local_address(c.opd3_addr));
    } else if (c.opd3_addr || c.res1_addr) {
      attribute("fill=" + hex(c.opd3_addr) + "," + hex(c.res1_addr));
    }
    flag(c.kernel_rotate, "rot");
    flag(c.res_add, "acc");
  }

  bool floating(std::uint32_t prec) const { return prec == f32 || prec == f16 || prec == bf16; }
  bool has_bias() const { return !c.opd2_const || c.opd2_addr; }

  void convolution() {
    const bool real = floating(c.opd0_prec);
    add({"res", c.res0_addr, false, c.res0_prec, true, res()});
    add({"opd0",
         c.opd0_addr,
         false,
         c.opd0_prec,
         c.opd0_sign != 0,
         {c.res0_n, c.opd0_c, c.opd0_h, c.opd0_w},
         c.opd0_str,
         {c.opd0_n_str, c.opd0_c_str, c.opd0_h_str, c.opd0_w_str}});
    add({"weight",
         c.opd1_addr,
         c.opd1_const != 0,
         c.opd0_prec,
         c.opd1_sign != 0,
         {c.res0_c, c.opd0_c, c.opd1_h, c.opd1_w}});
    if (has_bias()) {
      add({real ? "bias" : "kzp",
           c.opd2_addr,
           c.opd2_const != 0,
           real ? f32 : c.opd0_prec,
           c.opd2_sign != 0,
           {1, c.res0_c, 1, 1},
           compact});
    }
    window();
    flag(c.relu, "relu");
  }

  void depthwise() {
    const bool real = floating(c.opd0_prec);
    const bool pool = c.tsk_eu_typ == 1 || c.tsk_eu_typ == 4;
    add({"res", c.res0_addr, false, c.res0_prec, true, res()});
    add({"opd0", c.opd0_addr, false, c.opd0_prec, c.opd0_sign != 0, {c.res0_n, c.res0_c, c.opd0_h, c.opd0_w}});
    if (c.tsk_eu_typ != 4) {
      add({"opd1",
           c.opd1_addr,
           c.opd1_const != 0,
           c.opd0_prec,
           c.opd1_sign != 0,
           {1, c.res0_c, c.opd1_h, c.opd1_w},
           compact});
    }
    if (!pool && has_bias()) {
      add({"bias",
           c.opd2_addr,
           c.opd2_const != 0,
           real ? c.opd0_prec : i32,
           c.opd2_sign != 0,
           {1, c.res0_c, 1, 1},
           compact});
    }
    if (c.tsk_eu_typ == 1 && !real) attribute("shift=" + std::to_string(c.opd2_addr));
    if (!pool && !real) attribute("shift=" + std::to_string(c.res1_addr >> 8 & 255) + " " + rounding(c.opd2_n_str));
    window();
  }

  static std::string rounding(std::uint32_t mode) { return "rm=" + std::to_string(mode & 7); }

  void folded_matrix() {
    add({"res", c.res0_addr, false, c.res0_prec, true, {c.left_tran ? c.opd1_w : c.opd0_n, c.res0_c, 1, c.res0_w}});
    add({"left", c.opd0_addr, c.opd0_const != 0, c.opd0_prec, c.opd0_sign != 0, {c.opd0_n, c.opd0_c, 1, c.opd0_w}});
    add({"right",
         c.opd1_addr,
         false,
         c.opd0_prec,
         c.opd1_sign != 0,
         {c.left_tran ? c.opd0_n : c.opd0_w * (c.opd0_c - 1) + c.opd1_w, c.res0_c, 1, c.res0_w}});
    if (has_bias()) {
      add({"bias",
           c.opd2_addr,
           c.opd2_const != 0,
           c.opd0_prec == f32 ? f32 : i32,
           c.opd2_sign != 0,
           {1, c.res0_c, 1, c.res0_w}});
    }
    attribute("last=" + std::to_string(c.opd1_w));
    flag(c.left_tran, "left_transposed");
    flag(c.res_add, "acc");
    if (c.tsk_eu_typ > 1 || c.opd2_n_str) attribute(rounding(c.opd2_n_str));
  }

  void matrix() {
    const bool nt = c.tsk_eu_typ == 5;
    add({"res", c.res0_addr, false, c.res0_prec, true, {1, c.res0_c, 1, c.res0_w}});
    add({"left",
         c.opd0_addr,
         c.opd0_const != 0,
         c.opd0_prec,
         c.opd0_sign != 0,
         {1, c.res0_c, 1, nt ? c.opd1_w : c.opd1_c}});
    add({"right", c.opd1_addr, c.opd1_const != 0, c.opd0_prec, c.opd1_sign != 0, {1, c.opd1_c, 1, c.opd1_w}});
    if (!floating(c.opd0_prec) && has_bias())
      add({"kzp", c.opd2_addr, c.opd2_const != 0, c.opd0_prec, true, {1, lane_count, 1, c.res0_w}});
    flag(c.res_add, "acc");
  }

  void arithmetic() {
    const bool is_cast = c.tsk_eu_typ == 14;
    add({"res", c.res0_addr, false, c.res0_prec, !is_cast || c.opd2_sign, res(), c.res0_str,
         wide_strides(c.res0_n_str, c.res0_c_str, c.res0_h_str, c.res0_w_str)});
    add({"opd0", c.opd0_addr, c.opd0_const != 0, c.opd0_prec, c.opd0_sign != 0, res(), c.opd0_str,
         wide_strides(c.opd0_n_str, c.opd0_c_str, c.opd0_h_str, c.opd0_w_str)});
    if (c.tsk_opd_num >= 2) {
      add({"opd1", c.opd1_addr, c.opd1_const != 0, c.opd1_prec, c.opd1_sign != 0, res(), c.opd1_str,
           wide_strides(c.opd1_n_str, c.opd1_c_str, c.opd1_h_str, c.opd1_w_str)});
    }
    if (c.tsk_opd_num >= 3)
      add({"opd2", c.opd2_addr, c.opd2_const != 0, c.opd2_prec, true, {1, c.res0_c, 1, 1}, per_channel});
    if (c.opd2_n_str) attribute(rounding(c.opd2_n_str));
  }

  void requantise() {
    add({"res", c.res0_addr, false, c.res0_prec, c.opd2_sign != 0, res()});
    add({"opd0", c.opd0_addr, false, c.opd0_prec, c.opd0_sign != 0, res()});
    if (c.opd1_const) {
      attribute("param=" + hex(c.opd1_addr, 8) + "," + hex(c.opd2_addr, 8));
    } else {
      add({"param", c.opd1_addr, false, i32, true, {1, c.res0_c, 1, c.tsk_eu_typ == 1 || c.tsk_eu_typ == 4 ? 3u : 2u}});
    }
    attribute(rounding(c.opd2_n_str));
    if (c.opd2_n_str >> 3) attribute("rm2=" + std::to_string(c.opd2_n_str >> 3));
  }

  void transpose() {
    add({"res", c.res0_addr, false, c.res0_prec, true, res()});
    const bool from_static = c.tsk_eu_typ == 4 || c.tsk_eu_typ == 5;
    if (from_static) {
      line_.operands.push_back("opd0 S+" + hex(c.opd0_addr & 0xFFFF));
      return;
    }
    Four dims = res();
    if (c.tsk_eu_typ <= 1) dims = {c.res0_n, c.opd0_c, c.res0_h, c.opd0_w};
    if (c.tsk_eu_typ == 3) dims[1] = 1;
    add({"opd0", c.opd0_addr, false, c.res0_prec, true, dims});
  }

  void gather() {
    add({"res", c.res0_addr, false, c.res0_prec, true, res()});
    if (c.tsk_eu_typ >= 17) {
      const bool is_gather = c.tsk_eu_typ == 17;
      add({"opd0", c.opd0_addr, false, c.res0_prec, true, {1, c.res0_c, c.opd0_h, c.res0_w}});
      add({"index", c.opd1_addr, false, c.opd1_prec, false, {c.res0_n, c.res0_c, is_gather ? c.res0_h : c.opd0_h, 1}});
    } else {
      add({"opd0", c.opd0_addr, false, c.opd0_prec, true, {1, c.res0_c, c.opd0_h, c.opd0_w}});
      add({"index", c.opd1_addr, false, c.opd1_prec, false, {1, c.opd1_c, 1, c.opd1_w}});
    }
    if (c.opd0_str) attribute("lines=" + std::to_string(c.opd0_str));
    if (c.opd2_const) attribute("fill=" + hex(c.opd2_addr));
    if (c.opd3_const) attribute("limit=" + hex(c.opd3_addr));
  }

  void special() {
    add({"res", c.res0_addr, false, c.res0_prec, true, res()});
    add({"opd0", c.opd0_addr, false, c.opd0_prec, true, res()});
    if (c.opd1_n) add({"table", c.opd1_addr, false, c.opd0_prec, true, {1, 1, 1, c.opd1_n}});
    if (c.tsk_eu_typ == 17) attribute("steps=" + std::to_string(c.opd2_n_str + 1));
  }

  void linear() {
    add({"res", c.res0_addr, false, c.res0_prec, true, res()});
    add({"opd0", c.opd0_addr, false, c.res0_prec, true, res()});
    add({"opd1", c.opd1_addr, c.opd1_const != 0, c.res0_prec, true, {1, c.res0_c, 1, 1}, compact});
    if (c.tsk_eu_typ == 1)
      add({"opd2", c.opd2_addr, c.opd2_const != 0, c.res0_prec, true, {1, c.res0_c, 1, 1}, compact});
  }

  void compare() {
    add({"res0", c.res0_addr, false, c.opd0_prec, c.opd0_sign != 0, res()});
    if (c.tsk_eu_typ == 22 || c.tsk_eu_typ == 25) add({"res1", c.res1_addr, false, c.opd2_prec, true, res()});
    add({"opd0", c.opd0_addr, c.opd0_const != 0, c.opd0_prec, c.opd0_sign != 0, res(), c.opd0_str});
    add({"opd1", c.opd1_addr, c.opd1_const != 0, c.opd0_prec, c.opd0_sign != 0, res(), c.opd1_str});
    add({"opd2", c.opd2_addr, c.opd2_const != 0, c.opd2_prec, true, res()});
    add({"opd3", c.opd3_addr, c.opd3_const != 0, c.opd2_prec, true, res()});
  }

  void vectors() {
    add({"res", c.res0_addr, false, c.res0_prec, true, {c.opd0_w * (c.opd0_c - 1) + c.opd1_w, c.res0_c, 1, c.res0_w}});
    add({"left", c.opd0_addr, false, c.opd0_prec, c.opd0_sign != 0, {1, c.opd0_c, 1, c.opd0_w}});
    add({"right", c.opd1_addr, false, c.opd1_prec, c.opd1_sign != 0, {1, c.res0_c, 1, c.res0_w}});
    attribute("last=" + std::to_string(c.opd1_w));
    if (c.opd2_addr) attribute("value=" + hex(c.opd2_addr));
  }

  void system() {
    if (c.tsk_eu_typ < sys_swr || c.tsk_eu_typ > sys_swr_collect_from_lmem) return;
    attribute((c.tsk_eu_typ == sys_swr ? "mask=" : "flags=") + hex(c.swr_value(), 16));
    flag(c.swr_once, "once");
    flag(c.swr_hold, "hold");
  }

  const TiuCommand& c;
  Line line_;
};

}  // namespace

Line line_of(const TiuCommand& command) { return Printer(command).line(); }

}  // namespace vnpu::bm1684x
