#include <array>
#include <string_view>

#include "isa/cv18xx/print_parts.h"

namespace vnpu::cv18xx {
namespace {

constexpr std::uint32_t code_packed = 0, code_tight = 1, code_bias = 2, code_explicit = 3;

struct Operand {
  const char* name;
  std::uint32_t address;
  Dims dims;
  std::uint32_t code, usual_code;  // short_*_str; the code expected at its place
  Strides strides;
  std::uint32_t plane;    // *_b_str
  bool sign, wide;        // wide: 16 bit in two byte planes
  std::string type = {};  // ":f32" where it does not follow from sign and wide
};

bool is_bf16(const TiuCommand& c) { return c.opd_typ != 0; }
std::uint32_t element(const TiuCommand& c) { return is_bf16(c) ? 2 : 1; }
bool has_bias(const TiuCommand& c) { return c.tsk_opd_num == 3; }
bool is_lut(const TiuCommand& c) { return c.tsk_typ == tsk_arith && c.tsk_eu_typ == arith_lut; }
bool is_mac(const TiuCommand& c) { return c.tsk_typ == tsk_arith && c.tsk_eu_typ == arith_mac; }
bool is_qdm_arith(const TiuCommand& c) {
  return c.tsk_typ == tsk_matmul || (c.tsk_typ == tsk_arith && c.tsk_eu_typ == arith_mul);
}
bool is_conv_like(const TiuCommand& c) {
  return c.tsk_typ == tsk_conv || (c.tsk_typ == tsk_pool && c.tsk_eu_typ == pool_depthwise);
}

// Registers of operands 1 and 2 hold 16 bits; the page comes from the result.
std::uint32_t paged(const TiuCommand& c, std::uint32_t low) { return (c.res0_addr & 0xFF0000) | low; }

Operand res0(const TiuCommand& c, std::uint32_t usual) {
  return {"res",
          c.res0_addr,
          {c.res0_n, c.res0_c, c.res0_h, c.res0_w},
          c.short_res0_str,
          usual,
          {c.res0_n_str, c.res0_c_str, c.res0_h_str, c.res0_w_str},
          c.res0_b_str,
          c.opt_res0_sign != 0,
          c.opt_res0_seg == 0};
}
Operand opd0(const TiuCommand& c, std::uint32_t usual) {
  return {"opd0",
          c.opd0_addr,
          {c.opd0_n, c.opd0_c, c.opd0_h, c.opd0_w},
          c.short_opd0_str,
          usual,
          {c.opd0_n_str, c.opd0_c_str, c.opd0_h_str, c.opd0_w_str},
          c.opd0_b_str,
          c.opt_opd0_sign != 0,
          c.opt_opd0_seg == 0};
}
Operand opd1(const TiuCommand& c, std::uint32_t usual) {
  return {"opd1",
          paged(c, c.opd1_addr),
          {c.opd1_n, c.opd1_c, c.opd1_h, c.opd1_w},
          c.short_opd1_str,
          usual,
          {c.opd1_n_str, c.opd1_c_str, c.opd1_h_str, c.opd1_w_str},
          c.opd1_b_str,
          c.opt_opd1_sign != 0,
          c.opt_opd1_seg == 0};
}
Operand opd2(const TiuCommand& c, std::uint32_t usual) {
  return {"opd2",
          paged(c, c.opd2_addr),
          {c.opd2_n, c.opd2_c, c.opd2_h, c.opd2_w},
          c.short_opd2_str,
          usual,
          {c.opd2_n_str, c.opd2_c_str, c.opd2_h_str, c.opd2_w_str},
          c.opd2_b_str,
          c.opt_opd2_sign != 0,
          false};
}

bool wide_operation(const TiuCommand& c) { return c.tsk_typ == tsk_arith && !is_lut(c) && c.opt_opd0_seg == 0; }

// ":u8" where the operand's type is not the one the mnemonic tells and its sign matters.
std::string type_of(const TiuCommand& c, const Operand& o) {
  if (is_bf16(c)) return "";
  const bool wide = wide_operation(c);
  const bool bits = is_lut(c) || (c.tsk_typ == tsk_arith && c.tsk_eu_typ >= arith_and && c.tsk_eu_typ <= arith_copy);
  if (o.wide == wide && (bits || o.sign)) return "";
  return std::string(bits || o.sign ? ":i" : ":u") + (o.wide ? "16" : "8");
}

// The shape is left out where it is the same as `like`'s.
std::string show(const TiuCommand& c, const Operand& o, const PrintOptions& options, const Operand* like = nullptr) {
  std::string out = std::string(o.name) + " " + local_address(o.address);
  if (!like || !(like->dims == o.dims)) out += " " + text(o.dims);
  out += o.type.empty() ? type_of(c, o) : o.type;
  const std::uint32_t lane = o.address / lane_bytes;
  const Strides packed = packed_local(o.dims, element(c), lane, options.chip.lanes, true);
  if (o.code == code_explicit) {
    out += stride_text(o.dims, o.strides, packed);
    const bool old_result = is_mac(c) && std::string_view(o.name) == "res";  // 16 bit, whatever is stored
    if ((o.wide || old_result) && !is_bf16(c)) {
      // The second byte plane is told only where it does not follow the first.
      const std::uint64_t usual = packed.n * o.dims.n;
      if (o.plane != usual) out += " hi=+" + hex(o.plane);
    }
  } else if (o.code != o.usual_code && !(o.code == code_packed && o.usual_code == code_explicit)) {
    constexpr std::array<const char*, 4> names{"packed", "tight", "bias", ""};
    out += std::string(" str=") + names[o.code & 3];
  }
  return out;
}

std::string constant(const TiuCommand& c, bool is_signed) {
  if (is_bf16(c)) return "opd1 const=" + bf16_text(c.opd1_addr);
  const bool wide = c.opt_opd1_seg == 0;
  const std::uint32_t bits = wide ? c.opd1_addr : c.opd1_addr & 0xFF;
  const std::int32_t value = !is_signed ? static_cast<std::int32_t>(bits)
                             : wide     ? std::int16_t(bits)
                                        : std::int8_t(bits);
  return "opd1 const=" + std::to_string(value);
}

void windows(const TiuCommand& c, Line& line) {
  auto& a = line.attributes;
  // A kernel in memory has its size in its shape.
  if (c.opt_opd1_const || !is_conv_like(c)) a.push_back("k=" + pair(c.opd1_h, c.opd1_w));
  if (c.conv_op_x_str != 1 || c.conv_op_y_str != 1) a.push_back("stride=" + pair(c.conv_op_y_str, c.conv_op_x_str));
  const std::array pads{c.conv_opd0_up_pad, c.conv_opd0_dn_pad, c.conv_opd0_lf_pad, c.conv_opd0_rt_pad};
  const bool even = pads[0] == pads[1] && pads[0] == pads[2] && pads[0] == pads[3];
  if (!even) {
    a.push_back("pad=" + std::to_string(pads[0]) + "," + std::to_string(pads[1]) + "," + std::to_string(pads[2]) + "," +
                std::to_string(pads[3]));
  } else if (pads[0]) {
    a.push_back("pad=" + std::to_string(pads[0]));
  }
  if (c.conv_opd1_x_ins0 || c.conv_opd1_y_ins0)
    a.push_back("dil=" + pair(c.conv_opd1_y_ins0 + 1, c.conv_opd1_x_ins0 + 1));
  if (c.conv_opd0_x_ins0 || c.conv_opd0_y_ins0) a.push_back("ins=" + pair(c.conv_opd0_y_ins0, c.conv_opd0_x_ins0));
  if (c.conv_opd0_x_ins0_last || c.conv_opd0_y_ins0_last) {
    a.push_back("ins_last=" + pair(c.conv_opd0_y_ins0_last, c.conv_opd0_x_ins0_last));
  }
  if (!c.opd0_ins_val) return;
  // Integer pools start from this value and bf16 ones take the pattern; elsewhere bf16 takes the integer value.
  const bool pool = c.tsk_typ == tsk_pool && (c.tsk_eu_typ == pool_max || c.tsk_eu_typ == pool_min);
  if (is_bf16(c)) {
    a.push_back("fill=" + (pool ? bf16_text(c.opd0_ins_val) : std::to_string(c.opd0_ins_val)));
  } else {
    const std::uint32_t low = c.opd0_ins_val & 0xFF;
    a.push_back("fill=" + std::to_string(c.opt_opd0_sign ? std::int32_t{std::int8_t(low)} : std::int32_t(low)));
  }
}

void arithmetic(const TiuCommand& c, Line& line) {
  auto& a = line.attributes;
  constexpr std::array<const char*, 4> modes{"", "ps=last", "ps=first", "ps=mid"};
  const bool sums = c.tsk_typ == tsk_conv || c.tsk_typ == tsk_matmul;
  if (sums && c.ps32_md) {
    a.push_back(modes[c.ps32_md & 3]);
    a.push_back("plane=" + hex(c.res0_b_str));
  }
  const bool shifts =
      !is_bf16(c) && !is_lut(c) && !(c.tsk_typ == tsk_pool && (c.tsk_eu_typ == pool_max || c.tsk_eu_typ == pool_min));
  if (c.opt_chl_quan && is_qdm_arith(c)) {
    const std::int32_t code = static_cast<std::int32_t>(c.opt_res_shift);
    a.push_back("m=" + hex(c.quan_m));
    a.push_back("shift=" + std::to_string(code & 32 ? (code & 31) - 32 : code));
  } else if (shifts && !c.opt_chl_quan && c.opt_res_shift && !(sums && (c.ps32_md & 2))) {
    a.push_back("shift=" + std::to_string(c.opt_res_shift));
    if (!c.opt_rshift_typ && !(c.tsk_typ == tsk_arith && c.tsk_eu_typ == arith_shift)) a.push_back("trunc");
  }
  if (c.tsk_typ == tsk_matmul && c.opt_res_add) a.push_back("add");
  if (!is_bf16(c) && c.opt_left_shift && (is_mac(c) || (c.tsk_typ == tsk_matmul && c.opt_res_add))) {
    a.push_back("lshift=" + std::to_string(c.opt_left_shift));
  }
  if (c.opt_relu_typ == 1) a.push_back("relu");
  if (c.opt_relu_typ > 1) a.push_back("relu" + std::to_string(c.opt_relu_typ));
  if (c.double_conv) a.push_back("double");
  if (c.cmd_pre_exe) a.push_back(c.cmd_pre_exe == 1 ? "preexe=load" : "preexe=store");
  if (c.cmd_end) a.push_back("end");
}

bool same_place(const Operand& a, const Operand& b) { return a.address == b.address && a.dims == b.dims; }

}  // namespace

std::string mnemonic(const TiuCommand& c) {
  std::string name;
  switch (c.tsk_typ) {
    case tsk_conv: name = "conv"; break;
    case tsk_pool: {
      constexpr std::array<const char*, 4> names{"maxpool", "avgpool", "dw", "minpool"};
      if (c.tsk_eu_typ < names.size()) name = names[c.tsk_eu_typ];
      break;
    }
    case tsk_matmul: name = "mm"; break;
    case tsk_arith: {
      constexpr std::array<const char*, 13> names{"mul", "mac", "add", "sub",  "max", "min", "shift",
                                                  "and", "or",  "xor", "copy", "ge",  "lut"};
      if (c.tsk_eu_typ < names.size()) name = names[c.tsk_eu_typ];
      break;
    }
    default: break;
  }
  if (name.empty()) return "tiu." + std::to_string(c.tsk_typ) + "." + std::to_string(c.tsk_eu_typ);
  if (is_bf16(c)) return name + ".bf16";
  name += wide_operation(c) ? ".i16" : ".i8";
  if (c.opt_chl_quan && (is_conv_like(c) || is_qdm_arith(c))) name += ".qdm";
  return name;
}

std::uint64_t mnemonic_key(const TiuCommand& c) {
  std::uint64_t key = c.tsk_typ;
  for (const std::uint32_t field : {c.tsk_eu_typ, c.opd_typ, c.opt_chl_quan, c.opt_opd0_seg}) key = key << 8 | field;
  return key;
}

Line line_of(const TiuCommand& c, const PrintOptions& options) {
  Line line;
  const auto add = [&](const Operand& o, const Operand* like = nullptr) {
    line.operands.push_back(show(c, o, options, like));
  };
  if (is_conv_like(c)) {
    const bool conv = c.tsk_typ == tsk_conv;
    const Operand result = res0(c, code_explicit);
    add(result);
    add(opd0(c, conv ? code_packed : code_explicit), &result);
    if (c.opt_opd1_const) {
      line.operands.push_back(constant(c, c.opt_opd1_sign));
    } else {
      add(opd1(c, conv ? code_tight : code_packed));
    }
    if (has_bias(c) || c.opt_chl_quan) {
      // Its shape is that of a channel record, whatever the registers say: only the address has a meaning.
      line.operands.push_back("opd2 " + local_address(paged(c, c.opd2_addr)) +
                              (c.opt_chl_quan         ? (has_bias(c) ? ":rec9" : ":rec5")
                               : is_bf16(c)           ? ":f32"
                               : c.opt_opd2_sign != 0 ? ":i16"
                                                      : ":u16"));
    }
    windows(c, line);
  } else if (c.tsk_typ == tsk_pool) {
    const Operand result = res0(c, code_packed);
    add(result);
    add(opd0(c, code_packed), &result);
    if (c.tsk_eu_typ == pool_avg) line.operands.push_back(constant(c, false));
    windows(c, line);
  } else if (c.tsk_typ == tsk_matmul) {
    add(res0(c, code_packed));
    add(opd0(c, code_packed));
    if (c.opt_opd1_const) {
      line.operands.push_back(constant(c, c.opt_opd1_sign));
    } else {
      // opd1_w counts the columns used in the last channel of the left matrix; the right one is as wide as the result.
      Operand right = opd1(c, code_packed);
      right.dims = {c.opd1_n, c.opd1_c, 1, c.res0_w};
      add(right);
    }
    if (has_bias(c)) {
      Operand bias = opd2(c, code_packed);
      bias.type = is_bf16(c) ? ":f32" : c.opt_chl_quan ? ":i32" : bias.sign ? ":i16" : ":u16";
      add(bias);
    }
    if (c.opd1_w != c.opd0_w) line.attributes.push_back("last_w=" + std::to_string(c.opd1_w));
  } else {
    const std::uint32_t usual = is_lut(c) ? code_packed : code_explicit;
    const Operand result = res0(c, usual), left = opd0(c, usual), right = opd1(c, usual);
    add(result);
    add(left, &result);
    if (c.opt_opd1_const) {
      line.operands.push_back(constant(c, c.opt_opd1_sign));
    } else if (c.tsk_eu_typ != arith_copy) {
      add(right, &result);
      const bool bits_of_itself = c.tsk_typ == tsk_arith && c.tsk_eu_typ == arith_xor && same_place(left, right);
      if (bits_of_itself) line.notes.push_back("zero fill");
    }
  }
  arithmetic(c, line);
  return line;
}

}  // namespace vnpu::cv18xx
