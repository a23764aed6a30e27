#include "tests/sim/random_tiu.h"

#include <algorithm>

#include "sim/cv18xx/tensor_view.h"

namespace vnpu::cv18xx {
namespace {

bool starts_with(const std::string& text, const char* with) { return text.rfind(with, 0) == 0; }

struct Strides {
  std::uint32_t n, c, h, w;
};

}  // namespace

const std::vector<std::string>& RandomTiuGenerator::kinds() {
  static const std::vector<std::string> all = {"conv_int8",
                                               "conv_int8_qdm",
                                               "conv_int8_ps",
                                               "conv_bf16",
                                               "conv_bf16_ps",
                                               "depthwise_int8",
                                               "depthwise_int8_qdm",
                                               "depthwise_bf16",
                                               "maxpool_int8",
                                               "maxpool_bf16",
                                               "minpool_int8",
                                               "minpool_bf16",
                                               "avgpool_int8",
                                               "avgpool_bf16",
                                               "matmul_int8",
                                               "matmul_int8_qdm",
                                               "matmul_int8_ps",
                                               "matmul_bf16",
                                               "matmul_bf16_ps",
                                               "mul_int8",
                                               "mul_int8_qdm",
                                               "mac_int8",
                                               "add_int8",
                                               "max_int8",
                                               "min_int8",
                                               "and_int8",
                                               "or_int8",
                                               "xor_int8",
                                               "copy_int8",
                                               "mul_bf16",
                                               "mac_bf16",
                                               "add_bf16",
                                               "sub_bf16",
                                               "max_bf16",
                                               "min_bf16",
                                               "copy_bf16",
                                               "ge_bf16",
                                               "lut_int8",
                                               "lut_bf16"};
  return all;
}

RandomTiu RandomTiuGenerator::make(const std::string& kind) {
  const bool bf16 = kind.find("bf16") != std::string::npos;
  RandomTiu r;
  if (starts_with(kind, "conv") || starts_with(kind, "depthwise") || kind.find("pool") != std::string::npos) {
    r = window_command(kind, bf16);
  } else if (starts_with(kind, "matmul")) {
    r = matmul(kind, bf16);
  } else if (starts_with(kind, "lut")) {
    r = lut(bf16);
  } else {
    r = arith(kind, bf16);
  }
  if (!bf16) settle_signs(r.command);
  r.kind = kind;
  return r;
}

// Operand types and signs, and contents that suit them.
void RandomTiuGenerator::set_common(RandomTiu& r, bool bf16) {
  TiuCommand& c = r.command;
  c.cmd_en = 1;
  c.opd_typ = bf16;
  if (bf16) {
    r.fill_mode = chance(60) ? FillMode::bf16_middle : chance(60) ? FillMode::bf16_integer : FillMode::bf16_all;
    c.opt_opd0_sign = c.opt_opd1_sign = c.opt_opd2_sign = c.opt_res0_sign = 1;
  } else {
    r.fill_mode = chance(60) ? FillMode::bytes : chance(60) ? FillMode::small_int8 : FillMode::sparse;
    c.opt_opd0_sign = below(2);
    c.opt_opd1_sign = chance(75);
    c.opt_opd2_sign = below(2);
    c.opt_res0_sign = below(2);
    c.opt_shift_typ = chance(85);
    c.opt_rshift_typ = chance(80);
  }
  c.opt_relu_typ = pick({0, 0, 1});
  c.opt_res_shift = bf16 ? 0 : below(16);
}

// The law of signs: the result and the shift are signed when an operand is; relu needs one.
void RandomTiuGenerator::settle_signs(TiuCommand& c) {
  if (chance(3)) return;  // mostly refused
  if (c.tsk_typ == tsk_arith && c.tsk_eu_typ == arith_lut) {
    c.opt_opd0_sign = c.opt_opd1_sign = c.opt_res0_sign = 0;
    return;
  }
  if (c.tsk_typ == tsk_pool) {
    c.opt_opd2_sign = 1;
    if (c.tsk_eu_typ == pool_avg) c.opt_opd1_sign = 0;
  }
  if (c.tsk_typ == tsk_pool && c.tsk_eu_typ == pool_depthwise && chance(90)) c.opt_opd1_sign = 1;
  const bool compares = c.tsk_typ == tsk_arith && (c.tsk_eu_typ == arith_max || c.tsk_eu_typ == arith_min);
  if (compares) {
    c.opt_opd1_sign = c.opt_opd0_sign;
    c.opt_res_shift = 0;
  }
  const bool any =
      c.opt_opd0_sign || (c.tsk_opd_num >= 2 && c.opt_opd1_sign) || (c.tsk_opd_num == 3 && c.opt_opd2_sign);
  if (!any || compares) c.opt_relu_typ = 0;
  if (c.opt_relu_typ == 0) c.opt_res0_sign = any;
  c.opt_shift_typ = any;
  if (c.tsk_typ != tsk_arith && (c.opt_chl_quan || c.tsk_typ == tsk_pool)) c.opt_rshift_typ = 1;
  if (c.opt_res0_seg == 0) c.opt_relu_typ = 0, c.opt_res0_sign = any;
}

void RandomTiuGenerator::set_window(TiuCommand& c, bool dilated, bool inserts) {
  const auto axis = [&](std::uint32_t& in, std::uint32_t& out, std::uint32_t& kernel, std::uint32_t& stride,
                        std::uint32_t& dilation, std::uint32_t& insert, std::uint32_t& insert_last,
                        std::uint32_t& before, std::uint32_t& after) {
    kernel = pick({1, 1, 2, 3, 3, 3, 4, 5, 7});
    stride = pick({1, 1, 1, 2, 2, 3, 4});
    dilation = dilated && chance(20) ? between(1, 2) : 0;
    insert = inserts && chance(20) ? between(1, 3) : 0;
    insert_last = inserts && chance(10) ? between(1, 3) : 0;
    before = pick({0, 0, 1, 1, 2, 3});
    after = pick({0, 0, 1, 1, 2, 3});
    in = pick({1, 2, 3, 5, 7, 8, 13, 14, 16, 20, 28, 40});
    const std::uint32_t extent = (kernel - 1) * (dilation + 1) + 1;
    const auto padded = [&] { return (in - 1) * (insert + 1) + 1 + insert_last + before + after; };
    while (padded() < extent) ++in;
    out = (padded() - extent) / stride + 1;
  };
  axis(c.opd0_h, c.res0_h, c.opd1_h, c.conv_op_y_str, c.conv_opd1_y_ins0, c.conv_opd0_y_ins0, c.conv_opd0_y_ins0_last,
       c.conv_opd0_up_pad, c.conv_opd0_dn_pad);
  axis(c.opd0_w, c.res0_w, c.opd1_w, c.conv_op_x_str, c.conv_opd1_x_ins0, c.conv_opd0_x_ins0, c.conv_opd0_x_ins0_last,
       c.conv_opd0_lf_pad, c.conv_opd0_rt_pad);
}

// Anywhere in a lane; what does not fit is refused by the law and drawn again. Operands often overlap results.
void RandomTiuGenerator::set_addresses(TiuCommand& c, std::uint32_t element, bool unaligned_weights) {
  const auto address = [&](std::uint32_t lanes, std::uint32_t unit) {
    const std::uint32_t lane = chance(70) ? 0 : below(lanes);
    return lane * lane_bytes + below(chance(70) ? 0x2000 : 0x7000) / unit * unit;
  };
  c.res0_addr = address(lanes_, 16);
  c.opd0_addr = chance(25) ? c.res0_addr : address(lanes_, 16);
  if (!c.opt_opd1_const) {
    c.opd1_addr = address(2, unaligned_weights ? 2 : 16);
    if (unaligned_weights && element == 1 && chance(30)) c.opd1_addr |= 1;
  }
  c.opd2_addr = address(2, 16);
  if (chance(3)) ++c.opd0_addr;
  if (chance(3)) ++c.res0_addr;
}

RandomTiu RandomTiuGenerator::window_command(const std::string& kind, bool bf16) {
  RandomTiu r;
  TiuCommand& c = r.command;
  set_common(r, bf16);
  const bool is_conv = starts_with(kind, "conv"), is_depthwise = starts_with(kind, "depthwise");
  const bool qdm = kind.find("qdm") != std::string::npos, sums = kind.find("_ps") != std::string::npos;
  c.tsk_typ = is_conv ? tsk_conv : tsk_pool;
  c.tsk_eu_typ = is_conv                    ? 0u
                 : is_depthwise             ? pool_depthwise
                 : starts_with(kind, "max") ? pool_max
                 : starts_with(kind, "min") ? pool_min
                                            : pool_avg;
  set_window(c, is_conv || is_depthwise, is_conv || is_depthwise || c.tsk_eu_typ == pool_avg);
  c.res0_n = c.opd0_n = pick({1, 1, 1, 2, 3});
  c.opd0_c = pick({1, 2, 3, 4, 5, 8, 9, 12, 16, 17, 24, 64});
  c.res0_c = is_conv ? pick({1, 2, 3, 5, 8, 9, 16, 19, 26, 48}) : c.opd0_c;
  c.opd1_n = is_conv ? c.opd0_c : 1;
  c.opd1_c = c.res0_c;
  c.opd2_n = c.opd2_h = c.opd2_w = 1;
  c.opd2_c = c.res0_c;
  c.short_res0_str = c.short_opd0_str = stride_aligned;
  c.short_opd1_str = is_conv ? stride_dense : stride_aligned;
  c.short_opd2_str = stride_bias;
  c.opd0_ins_val = bf16         ? pick({0, 0, 0, 0x3F80, 0xFF7F, 0x7F7F, 0x4000, 0x4100, 0xFF80, 0x0001})
                   : chance(60) ? 0
                                : below(256);
  c.tsk_opd_num = 2;
  c.opd2_b_str = 16;
  if (is_conv || is_depthwise) {
    c.tsk_opd_num = chance(60) ? 3 : 2;
    c.opt_chl_quan = qdm;
    r.plausible_qdm = qdm && chance(80);
    if (chance(6)) {
      c.opt_opd1_const = 1;
      c.opd1_addr = bf16 ? pick({0x3F40, 0xBF80, 0x0000}) : below(256);
    }
  } else if (c.tsk_eu_typ == pool_avg) {
    c.opt_opd1_const = 1;
    c.opt_opd1_sign = 0;
    c.opt_res0_sign = c.opt_opd0_sign;
    c.opd1_addr = bf16 ? pick({0x3F80, 0x3DE4, 0x3E80, 0x3CA7, 0x0001, 0x7F00}) : below(256);
  } else {
    c.tsk_opd_num = 1;
    c.opt_res_shift = 0;
    c.opt_res0_sign = c.opt_opd0_sign;
  }
  if (sums) {
    c.ps32_md = between(1, 3);
    if (c.ps32_md & 2) {
      c.tsk_opd_num = 2;
      c.opt_relu_typ = c.opt_res_shift = 0;
    }
  }
  set_addresses(c, bf16 ? 2 : 1, is_conv);
  const std::uint32_t e = bf16 ? 2 : 1;
  if (is_conv || is_depthwise) {
    const bool registers = chance(50) || sums;
    if (registers) {
      c.short_res0_str = stride_registers;
      c.res0_w_str = e;
      c.res0_h_str = (c.res0_w + (chance(30) ? below(4) : 0)) * e;
      c.res0_c_str = static_cast<std::uint32_t>(align_up(c.res0_h_str * c.res0_h, 16));
      c.res0_n_str = c.res0_c_str * static_cast<std::uint32_t>(ceil_div(c.res0_c + lanes_, lanes_));
      c.res0_b_str = c.res0_n * c.res0_n_str;
      if (is_depthwise) {
        c.short_opd0_str = stride_registers;
        c.opd0_w_str = e;
        c.opd0_h_str = (c.opd0_w + (chance(30) ? below(4) : 0)) * e;
        c.opd0_c_str = static_cast<std::uint32_t>(align_up(c.opd0_h_str * c.opd0_h, 16));
        c.opd0_n_str = c.opd0_c_str * static_cast<std::uint32_t>(ceil_div(c.opd0_c + lanes_, lanes_));
      }
    }
  }
  return r;
}

RandomTiu RandomTiuGenerator::matmul(const std::string& kind, bool bf16) {
  RandomTiu r;
  TiuCommand& c = r.command;
  set_common(r, bf16);
  const bool qdm = kind.find("qdm") != std::string::npos, sums = kind.find("_ps") != std::string::npos;
  c.tsk_typ = tsk_matmul;
  const std::uint32_t rows = pick({1, 1, 2, 3, 5, 9}), inner = pick({1, 2, 3, 7, 16, 17, 33, 60, 100, 256});
  const std::uint32_t columns = pick({1, 3, 8, 16, 17, 40, 130, 200});
  const auto width = [&](std::uint32_t total) {
    return std::min(
        total, chance(50) ? static_cast<std::uint32_t>(ceil_div(total, 16 * lanes_)) * 16 : pick({1, 2, 3, 8, 16, 33}));
  };
  const std::uint32_t left_width = width(inner), result_width = width(columns);
  const auto left_channels = static_cast<std::uint32_t>(ceil_div(inner, left_width));
  const auto channels = static_cast<std::uint32_t>(ceil_div(columns, result_width));
  c.res0_n = c.opd0_n = rows;
  c.res0_c = c.opd1_c = c.opd2_c = channels;
  c.res0_w = c.opd2_w = result_width;
  c.res0_h = c.opd0_h = c.opd1_h = c.opd2_h = c.opd2_n = 1;
  c.opd0_c = left_channels;
  c.opd0_w = left_width;
  c.opd1_n = inner;
  c.opd1_w = inner - left_width * (left_channels - 1);
  c.short_res0_str = c.short_opd0_str = c.short_opd1_str = c.short_opd2_str = stride_aligned;
  c.tsk_opd_num = chance(50) ? 3 : 2;
  c.res0_b_str = c.opd2_b_str = 16;
  c.opt_left_shift = pick({0, 0, 1, 4, 9});
  if (sums) {
    c.ps32_md = between(1, 3);
    if (c.ps32_md & 2) {
      c.tsk_opd_num = 2;
      c.opt_relu_typ = c.opt_res_shift = 0;
    }
  } else if (!bf16 && !qdm && chance(10)) {
    c.opt_res_add = 1;
  }
  if (!bf16 && !qdm && !sums && chance(15)) c.opt_res0_seg = 0;
  if (qdm) {
    c.opt_chl_quan = 1;
    c.quan_m = chance(80) ? (1u << 30) + below(1u << 30) : static_cast<std::uint32_t>(random_());
    c.opt_res_shift = chance(70) ? below(12) : below(64);
    c.ps32_md = below(2);
  }
  if (chance(5)) {
    c.opt_opd1_const = 1;
    c.opd1_addr = bf16 ? 0x3F20 : below(256);
  }
  set_addresses(c, bf16 ? 2 : 1, false);
  return r;
}

RandomTiu RandomTiuGenerator::arith(const std::string& kind, bool bf16) {
  static const std::vector<std::pair<const char*, ArithOp>> ops = {
      {"mul", arith_mul}, {"mac", arith_mac},   {"add", arith_add}, {"sub", arith_sub},
      {"max", arith_max}, {"min", arith_min},   {"and", arith_and}, {"or", arith_or},
      {"xor", arith_xor}, {"copy", arith_copy}, {"ge", arith_ge}};
  RandomTiu r;
  TiuCommand& c = r.command;
  set_common(r, bf16);
  c.tsk_typ = tsk_arith;
  for (const auto& [name, op] : ops) {
    if (starts_with(kind, name)) c.tsk_eu_typ = op;
  }
  c.tsk_opd_num = c.tsk_eu_typ == arith_copy ? 1 : 2;
  const std::uint32_t e = bf16 ? 2 : 1;
  const std::uint32_t n = pick({1, 1, 2, 3}), channels = pick({1, 2, 3, 7, 8, 9, 20});
  const std::uint32_t h = pick({1, 1, 3, 4, 7}), w = pick({1, 5, 7, 16, 33, 100});
  c.res0_n = c.opd0_n = c.opd1_n = n;
  c.res0_c = c.opd0_c = c.opd1_c = channels;
  c.res0_h = c.opd0_h = c.opd1_h = h;
  c.res0_w = c.opd0_w = c.opd1_w = w;
  c.short_res0_str = c.short_opd0_str = c.short_opd1_str = stride_registers;
  if (!bf16) {
    const bool wide_operands = c.tsk_eu_typ == arith_add || c.tsk_eu_typ == arith_sub;
    c.opt_opd0_seg = c.opt_opd1_seg = wide_operands ? 0 : 1;
    c.opt_res0_seg = c.tsk_eu_typ <= arith_sub ? below(2) : 1;
    if (c.tsk_eu_typ >= arith_and && c.tsk_eu_typ <= arith_xor && chance(70)) {
      c.opt_opd0_sign = c.opt_opd1_sign = c.opt_res0_sign = 0;
    }
  }
  const auto strides = [&](bool broadcast) {
    Strides s;
    s.w = e;
    s.h = (w + (chance(30) ? below(3) : 0)) * e;
    s.c = static_cast<std::uint32_t>(align_up(s.h * h, chance(70) ? 16 : 2));
    s.n = s.c * static_cast<std::uint32_t>(ceil_div(channels + lanes_, lanes_));
    if (broadcast && chance(20)) {
      if (chance(50)) s.w = 0;
      if (chance(50)) s.h = 0;
      if (chance(30)) s.n = 0;
    } else if (chance(5)) {
      s.w = 2 * e;
      s.h = w * s.w;
      s.c = s.h * h;
      s.n = s.c * static_cast<std::uint32_t>(ceil_div(channels + lanes_, lanes_));
    }
    return s;
  };
  const Strides x = strides(true), y = strides(true), z = strides(false);
  c.opd0_n_str = x.n, c.opd0_c_str = x.c, c.opd0_h_str = x.h, c.opd0_w_str = x.w;
  c.opd1_n_str = y.n, c.opd1_c_str = y.c, c.opd1_h_str = y.h, c.opd1_w_str = y.w;
  c.res0_n_str = z.n, c.res0_c_str = z.c, c.res0_h_str = z.h, c.res0_w_str = z.w;
  c.opd0_b_str = c.opd1_b_str = c.res0_b_str = chance(10) ? 0x10 : static_cast<std::uint32_t>(align_up(n * z.n, 16));
  if (c.tsk_eu_typ == arith_mac) {
    c.opt_res_add = 1;
    c.opt_left_shift = pick({0, 0, 1, 3, 8, 20});
  }
  if (kind.find("qdm") != std::string::npos) {
    c.opt_chl_quan = 1;
    c.opt_res0_seg = 1;
    c.quan_m = chance(80) ? (1u << 30) + below(1u << 30) : static_cast<std::uint32_t>(random_());
    c.opt_res_shift = chance(70) ? below(12) : below(64);
  }
  if (chance(25)) {
    c.opt_opd1_const = 1;
    c.opd1_addr = below(65536);
  }
  set_addresses(c, e, false);
  return r;
}

RandomTiu RandomTiuGenerator::lut(bool bf16) {
  RandomTiu r;
  TiuCommand& c = r.command;
  set_common(r, bf16);
  c.tsk_typ = tsk_arith;
  c.tsk_eu_typ = arith_lut;
  c.tsk_opd_num = 2;
  c.res0_n = c.opd0_n = pick({1, 1, 2});
  c.res0_c = c.opd0_c = pick({1, 2, 3, 7, 8, 9, 20});
  c.res0_h = c.opd0_h = pick({1, 3, 4});
  c.res0_w = c.opd0_w = pick({1, 5, 16, 33});
  c.opd1_n = 1;
  c.opd1_c = lanes_;
  c.opt_opd2_seg = bf16;
  c.opd1_h = bf16 ? 32 : 16;
  c.opd1_w = bf16 ? 8 : 16;
  set_addresses(c, bf16 ? 2 : 1, false);
  c.opd0_addr = c.res0_addr / lane_bytes * lane_bytes + c.opd0_addr % lane_bytes;
  return r;
}

}  // namespace vnpu::cv18xx
