// Listing lines and JSON of hand-made commands.
#include "isa/cv18xx/print.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <random>

namespace vnpu::cv18xx {
namespace {

PrintOptions options(const char* chip = "cv181x") { return PrintOptions(*find_chip(chip)); }

template <class Command>
StreamEntry entry(const Command& command, std::uint32_t index = 12) {
  StreamEntry e;
  e.engine = std::is_same_v<Command, TiuCommand> ? Engine::tiu : Engine::tdma;
  e.command = command;
  e.index = index;
  e.file_offset = 0x240;
  return e;
}

// The line from the mnemonic on, without the alignment.
template <class Command>
std::string body(const Command& command, const char* chip = "cv181x") {
  std::string line = print(entry(command), options(chip)).substr(29);
  std::string out;
  for (char c : line) {
    if (c != ' ' || out.empty() || out.back() != ' ') out += c;
  }
  return out;
}

TiuCommand tiu(std::uint32_t typ, std::uint32_t eu, bool bf16 = false) {
  TiuCommand c;
  c.cmd_en = 1;
  c.tsk_typ = typ;
  c.tsk_eu_typ = eu;
  c.opd_typ = bf16;
  c.opt_res_shift = 0;
  c.opt_left_shift = 0;
  c.opt_res0_sign = c.opt_opd0_sign = 1;
  return c;
}

void shape(std::uint32_t& n, std::uint32_t& c, std::uint32_t& h, std::uint32_t& w, std::array<std::uint32_t, 4> dims) {
  n = dims[0], c = dims[1], h = dims[2], w = dims[3];
}

TiuCommand conv() {
  TiuCommand c = tiu(tsk_conv, 0);
  c.opt_chl_quan = 1;
  c.res0_addr = 0x1000;
  c.opd0_addr = 0x8120;
  c.opd1_addr = 0x4000;
  c.opd2_addr = 0x5000;
  shape(c.res0_n, c.res0_c, c.res0_h, c.res0_w, {1, 16, 8, 8});
  shape(c.opd0_n, c.opd0_c, c.opd0_h, c.opd0_w, {1, 4, 16, 16});
  shape(c.opd1_n, c.opd1_c, c.opd1_h, c.opd1_w, {4, 16, 3, 3});
  c.short_res0_str = 3;
  c.res0_n_str = 128;
  c.res0_c_str = 64;
  c.res0_h_str = 8;
  c.short_opd1_str = 1;
  c.short_opd2_str = 2;
  c.conv_op_x_str = c.conv_op_y_str = 2;
  c.conv_opd0_up_pad = c.conv_opd0_lf_pad = 1;
  c.opt_relu_typ = 1;
  c.cmd_id_tpu = 5;
  c.cmd_id_en = 1;
  c.cmd_id_gdma = 7;
  c.layer_info = 3;
  return c;
}

TEST(Print, AWholeLineWithItsColumns) {
  PrintOptions o = options();
  o.layer_name = [](unsigned layer) { return layer == 3 ? std::string("conv\n1") : std::string(); };
  EXPECT_EQ(print(entry(conv()), o),
            "   12  #5    wait tdma>=7    conv.i8.qdm              res L0+0x1000 1x16x8x8, opd0 L1+0x0120 1x4x16x16, "
            "opd1 L0+0x4000 4x16x3x3, opd2 L0+0x5000:rec9  stride=2x2 pad=1,0,1,0 relu  ; layer 3 conv?1");
}

TEST(Print, ConvolutionVariants) {
  TiuCommand c = conv();
  c.opt_chl_quan = 0;
  c.opt_res_shift = 7;
  c.opt_opd0_sign = 0;
  c.opd1_addr = 0x8000;
  c.res0_addr = 0x21000;  // operands 1 and 2 lie in its page
  c.conv_opd1_x_ins0 = 1;
  c.conv_opd0_y_ins0 = 2;
  c.opd0_ins_val = 0xFF80;
  EXPECT_EQ(body(c),
            "conv.i8 res L4+0x1000 1x16x8x8, opd0 L1+0x0120 1x4x16x16:u8, opd1 L5+0x0000 4x16x3x3, opd2 L4+0x5000:i16 "
            "stride=2x2 pad=1,0,1,0 dil=1x2 ins=2x0 fill=128 shift=7 relu ; layer 3");
  c = conv();
  c.opd_typ = 1;
  c.opt_chl_quan = 0;
  c.tsk_opd_num = 2;
  c.ps32_md = 3;
  c.opt_relu_typ = 0;
  c.res0_b_str = 0x400;
  c.opt_opd1_const = 1;
  c.opd1_addr = 0xBF80;
  c.short_res0_str = 0;
  EXPECT_EQ(body(c),
            "conv.bf16 res L0+0x1000 1x16x8x8, opd0 L1+0x0120 1x4x16x16, opd1 const=0xbf80(-1) k=3x3 stride=2x2 "
            "pad=1,0,1,0 ps=mid plane=0x400 ; layer 3");
}

TEST(Print, StridesOnlyWhereTheLayoutIsNotPacked) {
  TiuCommand c = tiu(tsk_arith, arith_mul);
  c.tsk_opd_num = 2;
  c.opt_opd1_const = 1;
  c.opd1_addr = 0xFFFD;
  c.opt_res_shift = 4;
  shape(c.res0_n, c.res0_c, c.res0_h, c.res0_w, {2, 4, 3, 5});
  shape(c.opd0_n, c.opd0_c, c.opd0_h, c.opd0_w, {2, 4, 3, 5});
  c.short_res0_str = c.short_opd0_str = c.short_opd1_str = 3;
  c.res0_n_str = 16;  // 8 lanes: all channels of a batch take one row of lanes
  c.res0_c_str = 16;
  c.res0_h_str = 5;
  c.opd0_n_str = 16;
  c.opd0_c_str = 0;  // read again for each channel
  c.opd0_h_str = 5;
  EXPECT_EQ(body(c), "mul.i8 res L0+0x0000 2x4x3x5, opd0 L0+0x0000 str=16,0,5,1, opd1 const=-3 shift=4 ; layer 0");
  // On 2 lanes the same strides are not packed.
  EXPECT_EQ(body(c, "cv180x"),
            "mul.i8 res L0+0x0000 2x4x3x5 str=16,16,5,1, opd0 L0+0x0000 str=16,0,5,1, opd1 const=-3 shift=4 ; layer 0");
}

TEST(Print, ArithmeticPoolsMatricesAndTables) {
  TiuCommand c = tiu(tsk_arith, arith_xor);
  c.opt_opd0_sign = c.opt_res0_sign = c.opt_opd1_sign = 0;
  EXPECT_EQ(body(c), "xor.i8 res L0+0x0000 1x1x1x16, opd0 L0+0x0000, opd1 L0+0x0000 ; layer 0, zero fill");
  c.opd0_addr = 0x20;
  EXPECT_EQ(body(c), "xor.i8 res L0+0x0000 1x1x1x16, opd0 L0+0x0020, opd1 L0+0x0000 ; layer 0");
  c = tiu(tsk_arith, arith_copy, true);
  EXPECT_EQ(body(c), "copy.bf16 res L0+0x0000 1x1x1x16, opd0 L0+0x0000 ; layer 0");
  c = tiu(tsk_arith, arith_mac);
  c.opt_res0_seg = 0;
  c.opt_left_shift = 3;
  c.short_res0_str = 3;
  c.res0_n_str = c.res0_c_str = c.res0_h_str = 16;
  c.res0_b_str = 0x40;
  EXPECT_EQ(body(c), "mac.i8 res L0+0x0000 1x1x1x16:i16 hi=+0x40, opd0 L0+0x0000, opd1 L0+0x0000 lshift=3 ; layer 0");
  c.opt_res0_seg = 1;  // the old result is 16 bit all the same
  EXPECT_EQ(body(c), "mac.i8 res L0+0x0000 1x1x1x16 hi=+0x40, opd0 L0+0x0000, opd1 L0+0x0000 lshift=3 ; layer 0");
  c = tiu(tsk_arith, arith_lut);
  c.opt_opd1_sign = 0;
  shape(c.opd1_n, c.opd1_c, c.opd1_h, c.opd1_w, {1, 8, 16, 16});
  EXPECT_EQ(body(c), "lut.i8 res L0+0x0000 1x1x1x16, opd0 L0+0x0000, opd1 L0+0x0000 1x8x16x16 ; layer 0");
  c = tiu(tsk_pool, pool_max, true);
  c.opd1_h = 2, c.opd1_w = 3;
  c.opd0_ins_val = 0xC040;
  EXPECT_EQ(body(c), "maxpool.bf16 res L0+0x0000 1x1x1x16, opd0 L0+0x0000 k=2x3 fill=0xc040(-3) ; layer 0");
  c = tiu(tsk_pool, pool_avg);
  c.opt_opd1_const = 1;
  c.opd1_addr = 0xC8;
  c.opt_res_shift = 9;
  c.opd1_h = c.opd1_w = 2;
  EXPECT_EQ(body(c), "avgpool.i8 res L0+0x0000 1x1x1x16, opd0 L0+0x0000, opd1 const=200 k=2x2 shift=9 ; layer 0");
  c = tiu(tsk_matmul, 0);
  c.opt_chl_quan = 1;
  c.quan_m = 0x40000000;
  c.opt_res_shift = 0x3E;
  c.opd1_n = 17;
  c.opd0_c = 2;
  c.opd1_w = 1;
  EXPECT_EQ(body(c),
            "mm.i8.qdm res L0+0x0000 1x1x1x16, opd0 L0+0x0000 1x2x1x16, opd1 L0+0x0000 17x1x1x16, "
            "opd2 L0+0x0000 1x1x1x16:i32 last_w=1 m=0x40000000 shift=-2 ; layer 0");
  EXPECT_EQ(mnemonic(tiu(5, 3)), "tiu.5.3");
  EXPECT_EQ(mnemonic(tiu(tsk_pool, pool_depthwise, true)), "dw.bf16");
}

TdmaCommand tdma(std::uint32_t dir) {
  TdmaCommand c;
  c.vld = 1;
  c.trans_dir = dir;
  c.src_n = 1;
  c.src_c = c.dst_c = 4;
  c.src_h = c.dst_h = 2;
  c.src_w = c.dst_w = 3;
  c.cmd_id = 9;
  return c;
}

void strides(TdmaCommand& c, bool source, std::uint32_t n, std::uint32_t ch, std::uint32_t h) {
  (source ? c.src_n_stride : c.dst_n_stride) = n;
  (source ? c.src_c_stride_low : c.dst_c_stride_low) = ch;
  (source ? c.src_h_stride : c.dst_h_stride) = h;
}

TEST(Print, TdmaCopies) {
  TdmaCommand c = tdma(g2l);
  c.src_base_reg_sel = 1;
  c.src_base_addr_low = 0x40;
  c.src_base_addr_high = 2;
  strides(c, true, 24, 6, 3);
  strides(c, false, 16, 16, 3);
  c.dst_base_addr_low = 0x8010;
  c.layer_ID = 4;
  PrintOptions o = options();
  o.tensor_name = [](unsigned sel, std::uint64_t offset) {
    return sel == 1 && offset == 0x200000040 ? std::string("filter") : std::string();
  };
  const std::string line = print(entry(c), o);
  EXPECT_EQ(line.substr(0, 99),
            "   12  #9                    tdma.g2l.tensor.i8       dst L1+0x0010 1x4x2x3, src weight+0x200000040");
  EXPECT_EQ(line.substr(line.find(';')), "; layer 4, filter");

  strides(c, false, 16, 6, 3);
  EXPECT_EQ(body(c), "tdma.g2l.tensor.i8 dst L1+0x0010 1x4x2x3 str=tight, src weight+0x200000040 ; layer 4");
  strides(c, true, 24, 8, 3);
  c.dst_fmt = 2;
  c.int8_sign = 1;
  c.dst_w = 1, c.dst_h = 6;
  strides(c, false, 99, 32, 4);
  EXPECT_EQ(body(c),
            "tdma.g2l.tensor.i8->bf16 dst L1+0x0010 1x4x6x1 str=-,32,4,-, src weight+0x200000040 1x4x2x3 str=-,8,3,1 "
            "; layer 4");
}

TEST(Print, TdmaKinds) {
  TdmaCommand c = tdma(l2g);
  c.sys_dtype = 1;
  c.src_fmt = 2;
  c.dst_c = 5, c.dst_w = 12;
  c.src_n = 5, c.src_h = 1;
  c.dst_c_stride_low = 40;
  c.dst_base_reg_sel = 3;
  c.int8_rnd_mode = 1;
  strides(c, true, 16, 16, 6);
  EXPECT_EQ(body(c), "tdma.l2g.matrix.bf16->u8 dst io3+0x0 5x12 row=40, src L0+0x0000 5x4x1x3 trunc ; layer 0");
  c = tdma(g2l);
  c.spec_func = spec_fill;
  c.dst_fmt = 2;
  c.const_val = 0x3F80;
  strides(c, false, 16, 16, 6);
  EXPECT_EQ(body(c), "tdma.fill.bf16 dst L0+0x0000 1x4x2x3 value=0x3f80(1) ; layer 0");
  c = tdma(g2g);
  c.trans_fmt = 1;
  c.src_n_stride = 4096;
  c.dst_base_reg_sel = 2;
  EXPECT_EQ(body(c), "tdma.g2g.bytes dst private+0x0, src shared+0x0 bytes=4096 ; layer 0");
  c = tdma(g2l);
  c.compress_en = 1;
  EXPECT_EQ(mnemonic(c), "tdma.g2l.vlc.i8");
  c.sys_dtype = 1;
  EXPECT_EQ(mnemonic(c), "tdma.g2l.matrix.vlc.i8");
  c = tdma(l2l);
  c.src_fmt = c.dst_fmt = 2;
  c.mv_lut_idx = 1;
  EXPECT_EQ(mnemonic(c), "tdma.l2l.lutidx.bf16");
  c = tdma(g2l);
  c.spec_func = spec_transpose;
  EXPECT_EQ(mnemonic(c), "tdma.g2l.tensor.nc.i8");
  c.transpose_md = 1;
  EXPECT_EQ(mnemonic(c), "tdma.g2l.tensor.hwc3.i8");
  c.transpose_md = 0;
  c.sys_dtype = 1;
  EXPECT_EQ(mnemonic(c), "tdma.g2l.matrix.t.i8");
  c.spec_func = 7;
  EXPECT_EQ(mnemonic(c), "tdma.g2l.spec7");
}

TEST(Print, CpuRecords) {
  StreamEntry e;
  e.engine = Engine::cpu;
  CpuSync cpu;
  cpu.name = "layer_end";
  e.command = cpu;
  EXPECT_EQ(print(e, options()), "    0                        cpu.sync                 layer_end");
  EXPECT_EQ(to_json(e, options())["name"], "layer_end");
}

TEST(Print, JsonHoldsEveryFieldThatDiffersFromReset) {
  std::mt19937 random(5);
  for (int i = 0; i < 200; ++i) {
    std::array<std::uint8_t, tiu_bytes> words;
    for (auto& byte : words) byte = static_cast<std::uint8_t>(random());
    const TiuCommand command = decode_tiu(words);
    const auto json = to_json(entry(command), options());
    const auto values = field_values(command);
    std::size_t different = 0;
    for (std::size_t k = 0; k < values.size(); ++k) {
      const Field& field = tiu_fields()[k];
      const auto found = json["fields"].find(std::string(field.name));
      if (values[k] == field.reset) {
        EXPECT_EQ(found, json["fields"].end());
      } else {
        ++different;
        ASSERT_NE(found, json["fields"].end()) << field.name;
        EXPECT_EQ(*found, values[k]);
      }
    }
    EXPECT_EQ(json["fields"].size(), different);
  }
  PrintOptions o = options();
  o.tensor_name = [](unsigned, std::uint64_t) { return std::string("t"); };
  const auto json = to_json(entry(tdma(g2l)), o);
  EXPECT_EQ(json.dump(),
            R"({"index":12,"offset":576,"engine":"tdma","mnemonic":"tdma.g2l.tensor.i8","id":9,"layer":0,)"
            R"("tensors":[{"sel":0,"offset":0,"name":"t"}],)"
            R"("fields":{"vld":1,"cmd_id":9,"dst_c":4,"src_c":4,"dst_w":3,"dst_h":2,"src_w":3,"src_h":2}})");
}

TEST(Print, NamesCannotBreakALineATerminalOrTheJson) {
  PrintOptions o = options();
  o.tensor_name = [](unsigned, std::uint64_t) { return std::string("a\x1b[2J\n\xff\xc2\x9bz \xc3\xa9"); };
  o.layer_name = [](unsigned) { return std::string(119, 'x') + "\xc3\xa9" + std::string(500, 'y'); };
  const std::string line = print(entry(tdma(g2l)), o);
  EXPECT_EQ(line.substr(line.find(';')), "; layer 0 " + std::string(119, 'x') + "..., a?[2J?\xef\xbf\xbd??z \xc3\xa9");
  EXPECT_EQ(nlohmann::json::parse(to_json(entry(tdma(g2l)), o).dump())["tensors"][0]["name"],
            "a?[2J?\xef\xbf\xbd??z \xc3\xa9");
}

TEST(Print, AnyWordIsPrinted) {
  std::mt19937 random(9);
  for (int i = 0; i < 2000; ++i) {
    std::array<std::uint8_t, tiu_bytes> words;
    for (auto& byte : words) byte = static_cast<std::uint8_t>(random());
    for (const std::string& line : {print(entry(decode_tiu(words)), options("cv180x")),
                                    print(entry(decode_tdma(std::span(words).first<tdma_bytes>())), options())}) {
      EXPECT_GT(line.size(), 40u);
      EXPECT_LT(line.size(), 600u);
      EXPECT_EQ(line.find('\n'), std::string::npos);
    }
  }
}

}  // namespace
}  // namespace vnpu::cv18xx
