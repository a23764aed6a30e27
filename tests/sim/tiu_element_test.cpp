// Matrix multiply, tensor arithmetic, lookup tables, the address law and the refusals.
#include "tests/sim/tiu_fixture.h"

namespace vnpu::cv18xx {
namespace {

constexpr int lane1 = 0x8000;

// (1, 1, 1, w) tensors: opd0 at 0, opd1 at 0x100, result at 0x200, planes 0x40 apart; signed, no shift.
struct Arith : TiuRun {
  Arith(std::uint32_t op, int w, const char* chip = "cv180x") : TiuRun(chip) {
    c.tsk_typ = tsk_arith;
    c.tsk_eu_typ = op;
    c.tsk_opd_num = op == arith_copy ? 1 : 2;
    c.opt_res_shift = 0;
    c.opt_res0_sign = c.opt_opd0_sign = c.opt_opd1_sign = 1;
    c.opd0_w = c.opd1_w = c.res0_w = w;
    c.short_res0_str = c.short_opd0_str = c.short_opd1_str = stride_registers;
    c.res0_h_str = c.opd0_h_str = c.opd1_h_str = 0x10;
    c.opd0_b_str = c.opd1_b_str = c.res0_b_str = 0x40;
    c.opd1_addr = 0x100;
    c.res0_addr = 0x200;
  }
  void wide() { c.opt_opd0_seg = c.opt_opd1_seg = 0; }
  void logic() { c.opt_res0_sign = c.opt_opd0_sign = c.opt_opd1_sign = c.opt_shift_typ = 0; }
  void bf16() {
    c.opd_typ = 1;
    c.res0_w_str = c.opd0_w_str = c.opd1_w_str = 2;
    c.opt_res0_sign = c.opt_opd0_sign = c.opt_opd1_sign = 0;
  }
};

// R x K times K x C, one channel each: left at 0, right at 0x100, bias at 0x200, result at 0x300.
struct Matmul : TiuRun {
  Matmul(int rows, int inner, int columns) {
    c.tsk_typ = tsk_matmul;
    c.tsk_opd_num = 2;
    c.opt_res_shift = 0;
    c.opt_res0_sign = c.opt_opd0_sign = c.opt_opd1_sign = 1;
    VNPU_SET_SHAPE(c.opd0, rows, 1, 1, inner);
    VNPU_SET_SHAPE(c.opd1, inner, 1, 1, inner);
    VNPU_SET_SHAPE(c.opd2, 1, 1, 1, columns);
    VNPU_SET_SHAPE(c.res0, rows, 1, 1, columns);
    c.opd1_addr = 0x100;
    c.opd2_addr = 0x200;
    c.res0_addr = 0x300;
  }
};

TEST(TiuView, StrideCodesCountTheStartLane) {
  TensorView v;
  v.lanes = 2;
  v.start_lane = 1;
  v.offset = 0x40;
  v.n = 2;
  v.c = 3;
  v.h = 2;
  v.w = 5;
  apply_stride_code(v, stride_aligned);
  EXPECT_EQ(v.h_stride, 5u);
  EXPECT_EQ(v.c_stride, 16u);
  EXPECT_EQ(v.n_stride, 32u);  // channels 0..2 from lane 1 stand in two rows
  EXPECT_EQ(v.plane_stride, 64u);
  EXPECT_EQ(v.channel(0), 0x8040u);
  EXPECT_EQ(v.channel(1), 0x0050u);
  EXPECT_EQ(v.channel(2), 0x8050u);
  EXPECT_EQ(v.at(1, 2, 1, 4), 0x8050u + 32 + 5 + 4);
  apply_stride_code(v, stride_dense);
  EXPECT_EQ(v.c_stride, 10u);
  v.element = 2;
  apply_stride_code(v, stride_bias);
  EXPECT_EQ(v.c_stride, 2u);
  EXPECT_EQ(v.plane_stride, 4u);  // of the channels alone
}

TEST(TiuView, OperandsOneAndTwoLieInThePageOfTheResult) {
  Arith t(arith_max, 1, "cv181x");
  t.c.res0_addr = 0x10200;
  t.put(0, {-7});
  t.put(0x10100, {5});
  t.put(0x100, {6});
  t.run();
  EXPECT_EQ(t.i8(0x10200), 5);
  t.quirks.operand_page_from_result = false;
  t.run();
  EXPECT_EQ(t.i8(0x10200), 6);
}

TEST(TiuView, ChannelsRunOverTheLanes) {
  Arith t(arith_max, 1);
  t.c.opd0_c = t.c.opd1_c = t.c.res0_c = 3;
  t.c.res0_addr = lane1 + 0x200;
  t.put(0, {1});
  t.put(lane1, {2});
  t.put(0x10, {3});
  t.c.opt_opd1_const = 1;
  t.c.opd1_addr = 0x80;
  t.run();
  EXPECT_EQ(t.i8(lane1 + 0x200), 1);
  EXPECT_EQ(t.i8(0x210), 2);
  EXPECT_EQ(t.i8(lane1 + 0x210), 3);
}

TEST(TiuMatmul, ColumnsOfTheLeftMatrixAreSpreadOverChannels) {
  Matmul t(1, 3, 2);
  t.c.opd0_c = 2;
  t.c.opd0_w = 2;
  t.c.opd1_w = 1;  // columns used in the last channel
  t.put(0, {1, 2});
  t.put(lane1, {3, /* beyond K */ 99});
  t.put(0x100, {1, 4});
  t.put(0x110, {2, 5});
  t.put(0x120, {3, 6});
  t.run();
  EXPECT_EQ(t.bytes(0x300, 2), (Values{14, 32}));
}

TEST(TiuMatmul, Bf16SumsPositionsFirst) {
  Matmul t(1, 4, 1);
  t.c.opd_typ = 1;
  t.c.opt_res0_sign = t.c.opt_opd0_sign = t.c.opt_opd1_sign = 0;
  t.c.opd0_c = 2;
  t.c.opd0_w = 2;
  t.c.opd1_w = 2;
  // k = 0, 2, 1, 3: 2^24 - 2^24 + 1/2 + 0. In the order of k the half would be cut from 2^24.
  t.put16(0, {0x4B80, 0x3F00});
  t.put16(lane1, {0xCB80, 0x0000});
  for (int k = 0; k < 4; ++k) t.put16(0x100 + 16 * k, {0x3F80});
  t.run();
  EXPECT_EQ(t.u16(0x300), 0x3F00);
}

TEST(TiuMatmul, OldResultAnd16BitResult) {
  Matmul t(1, 1, 1);
  t.c.opt_res_add = 1;
  t.c.opt_left_shift = 3;
  t.c.opt_res0_seg = 0;
  t.put(0, {-100});
  t.put(0x100, {100});
  t.put(0x300, {0xFE});  // -2 in planes one row set apart
  t.put(0x310, {0xFF});
  t.run();
  EXPECT_EQ(t.u8(0x300), -10016 & 0xFF);
  EXPECT_EQ(t.u8(0x310), -10016 >> 8 & 0xFF);
}

TEST(TiuMatmul, PartialSumPlanesAreRowSetsWhateverTheRegister) {
  Matmul t(2, 1, 1);
  t.c.ps32_md = 2;
  t.c.res0_b_str = 0x100;
  t.put(0, {100});
  t.put(0x10, {-1});
  t.put(0x100, {100});
  t.run();
  EXPECT_EQ(t.u8(0x300), 0x10);  // 10000, rows 16 apart, planes 32 apart
  EXPECT_EQ(t.i8(0x310), -100);
  EXPECT_EQ(t.u8(0x320), 0x27);
  EXPECT_EQ(t.i8(0x330), -1);
  t.c.ps32_md = 1;
  t.c.opt_res_shift = 8;
  t.run();
  EXPECT_EQ(t.i8(0x300), 78);  // 20000 / 256
  EXPECT_EQ(t.i8(0x310), -1);
}

TEST(TiuMatmul, BiasPlanes) {
  Matmul t(1, 1, 2);
  t.c.tsk_opd_num = 3;
  t.put(0, {1});
  t.put(0x100, {1, 2});
  t.put(0x200, {0x2C, 0xFF});  // 300 and -1
  t.put(0x210, {0x01, 0xFF});
  t.run();
  EXPECT_EQ(t.bytes(0x300, 2), (Values{127, 1}));
  t.c.opt_chl_quan = 1;  // int32 in four planes: 65836 and -1
  t.put(0x220, {0x01, 0xFF});
  t.put(0x230, {0x00, 0xFF});
  t.c.quan_m = 0x7FFFFFFF;
  t.c.opt_res_shift = 10;
  t.run();
  EXPECT_EQ(t.bytes(0x300, 2), (Values{64, 0}));
}

TEST(TiuArith, MulShiftsAndSaturates) {
  Arith t(arith_mul, 3);
  t.put(0, {3, -3, 127});
  t.put(0x100, {1, 1, 127});
  t.c.opt_res_shift = 1;
  t.run();
  EXPECT_EQ(t.bytes(0x200, 3), (Values{2, -1, 127}));
  t.c.opt_rshift_typ = 0;
  t.c.opt_res0_seg = 0;
  t.run();
  EXPECT_EQ(t.bytes(0x200, 3), (Values{1, -2, -128 /* 8064 = 0x1F80 */}));
  EXPECT_EQ(t.bytes(0x240, 3), (Values{0, -1, 8064 >> 8}));
}

TEST(TiuArith, QuantisedMul) {
  Arith t(arith_mul, 2);
  t.put(0, {7, -7});
  t.put(0x100, {3, 3});
  t.c.opt_chl_quan = 1;
  t.c.quan_m = 1 << 30;
  t.c.opt_res_shift = 0x3F;  // left by 1
  t.run();
  EXPECT_EQ(t.bytes(0x200, 2), (Values{21, -21}));
}

TEST(TiuArith, MacAddsTheOld16BitResult) {
  Arith t(arith_mac, 1);
  t.c.opt_res_add = 1;
  t.c.opt_left_shift = 2;
  t.c.opt_res_shift = 4;
  t.put(0, {10});
  t.put(0x100, {-3});
  t.put(0x200, {0x2C});  // 300
  t.put(0x240, {0x01});
  t.run();
  EXPECT_EQ(t.i8(0x200), 73);  // (1200 - 30 + 8) / 16
  EXPECT_EQ(t.u8(0x240), 1);   // the high plane stays
}

TEST(TiuArith, AddAndSubOn16Bits) {
  Arith t(arith_sub, 1);
  t.wide();
  t.c.opt_res0_seg = 0;
  t.put(0, {0x00});
  t.put(0x40, {0x80});  // -32768
  t.put(0x100, {0x01});
  t.put(0x140, {0x00});
  t.run();
  EXPECT_EQ(t.u8(0x200), 0x00);
  EXPECT_EQ(t.u8(0x240), 0x80);  // saturated
  t.c.tsk_eu_typ = arith_add;
  t.run();
  EXPECT_EQ(t.u8(0x200), 0x01);
}

TEST(TiuArith, ShiftKeepsTheLowBits) {
  Arith t(arith_shift, 2);
  t.c.opt_opd0_seg = t.c.opt_res0_seg = 0;
  t.c.opt_rshift_typ = 0;
  t.put(0, {0x01, 0xFF});
  t.put(0x40, {0x40, 0xFF});
  t.put(0x100, {2, -16});
  t.run();
  EXPECT_EQ(t.bytes(0x200, 2), (Values{4, -1}));
  EXPECT_EQ(t.bytes(0x240, 2), (Values{0, -1}));  // 0x4001 << 2, no saturation
  t.put(0x100, {17});
  EXPECT_NE(t.refusal().find("-16 to 16"), std::string::npos);
}

TEST(TiuArith, CompareAndLogic) {
  Arith t(arith_ge, 3);
  t.put(0, {1, -2, 3});
  t.put(0x100, {1, 2, -3});
  t.run();
  EXPECT_EQ(t.bytes(0x200, 3), (Values{1, 0, 1}));
  t.logic();
  t.c.tsk_eu_typ = arith_xor;
  t.run();
  EXPECT_EQ(t.bytes(0x200, 3), (Values{0, -4, -2}));
  t.c.res0_addr = t.c.opd0_addr;  // x xor x in place fills with zeros
  t.c.opd1_addr = 0;
  t.run();
  EXPECT_EQ(t.bytes(0, 3), (Values{0, 0, 0}));
}

TEST(TiuArith, StrideZeroBroadcastsAndConstantsHaveASign) {
  Arith t(arith_max, 3);
  t.put(0, {-1, -2, 3});
  t.put(0x100, {1, 99, 99});
  t.c.opd1_w_str = 0;
  t.run();
  EXPECT_EQ(t.bytes(0x200, 3), (Values{1, 1, 3}));
  t.c.opt_opd1_const = 1;
  t.c.opd1_addr = 0xFE;
  t.run();
  EXPECT_EQ(t.bytes(0x200, 3), (Values{-1, -2, 3}));
}

TEST(TiuArith, Bf16SumsAreCutThenRounded) {
  Arith t(arith_add, 3);
  t.bf16();
  t.put16(0, {0x3F80, 0x7F7F, 0x3F81});
  t.put16(0x100, {0x3B80, 0x7F7F, 0x3B80});  // 1 + 2^-8 lies between two bf16: to even
  t.run();
  EXPECT_EQ(t.halves(0x200, 3), (Values{0x3F80, 0x7F7F, 0x3F82}));
}

TEST(TiuArith, Bf16MacKeepsASubnormalAddend) {
  Arith t(arith_mac, 1);
  t.bf16();
  t.c.opt_res_add = 1;
  t.put16(0, {0x3F80});
  t.put16(0x100, {0x0100});  // 2^-125
  t.put16(0x200, {0x8040});  // -2^-127
  t.run();
  EXPECT_EQ(t.u16(0x200), 0x00C0);  // 1.5 * 2^-126; with a flushed addend 0x0100
}

TEST(TiuArith, Bf16ComparisonsHandOnInvalidOperands) {
  Arith t(arith_max, 3);
  t.bf16();
  t.put16(0, {0xC000, 0x4000, 0x8000});
  t.put16(0x100, {0xBF80, 0xFF80, 0x8001});
  t.run();
  EXPECT_EQ(t.halves(0x200, 3), (Values{0xBF80, 0x7F7F, 0}));
  t.c.tsk_eu_typ = arith_ge;
  t.run();
  EXPECT_EQ(t.halves(0x200, 3), (Values{0, 0x7F7F, 0x3F80}));
  t.c.tsk_eu_typ = arith_sub;
  t.c.opt_relu_typ = 1;  // ignored by sub
  t.run();
  EXPECT_EQ(t.u16(0x200), 0xBF80);
}

TEST(TiuArith, Bf16CopyIsNotABitCopy) {
  Arith t(arith_copy, 3);
  t.bf16();
  t.put16(0, {0xFFC0, 0x0001, 0xBF80});
  t.run();
  EXPECT_EQ(t.halves(0x200, 3), (Values{0x7F7F, 0, 0xBF80}));
  t.quirks.bf16_copy_rounds = false;
  t.run();
  EXPECT_EQ(t.halves(0x200, 3), (Values{0xFFC0, 0x0001, 0xBF80}));
}

struct Lut : TiuRun {
  explicit Lut(const char* chip) : TiuRun(chip) {
    c.tsk_typ = tsk_arith;
    c.tsk_eu_typ = arith_lut;
    c.tsk_opd_num = 2;
    c.opt_res_shift = c.opt_shift_typ = 0;
    c.opt_opd1_sign = 0;
    c.opd0_w = c.res0_w = 2;
    VNPU_SET_SHAPE(c.opd1, 1, memory.lanes(), 16, 16);
    c.opd1_addr = 0x400;
    c.res0_addr = 0x200;
  }
};

TEST(TiuLut, Int8IndexIsUnsigned) {
  Lut t("cv180x");
  t.put(0, {3, 200});
  t.put(0x403, {-30});
  t.put(0x400 + 200, {77});
  t.run();
  EXPECT_EQ(t.bytes(0x200, 2), (Values{-30, 77}));
}

TEST(TiuLut, Bf16IndexIsTheLowByteAndEntriesArePatterns) {
  Lut t("cv180x");
  t.c.opd_typ = 1;
  t.c.opt_res0_sign = t.c.opt_opd0_sign = t.c.opt_opd1_sign = t.c.opt_opd2_seg = 1;
  VNPU_SET_SHAPE(t.c.opd1, 1, 2, 32, 8);
  t.put16(0, {0x1203, 0xFFC8});
  t.put16(0x400 + 2 * 3, {0xFFFF});
  t.put16(0x400 + 2 * 200, {0x0001});
  t.run();
  EXPECT_EQ(t.halves(0x200, 2), (Values{0xFFFF, 0x0001}));
}

TEST(TiuLut, TheTableOfAChannelIsRotatedByThePageOfTheResult) {
  Lut t("cv181x");
  t.c.res0_addr = 0x10200;  // lane 2, page 1
  t.c.opd0_addr = 0x10000;
  t.c.res0_w = t.c.opd0_w = 1;
  // Tables start in lane 2; channel 0 uses table channel 1, in lane 3.
  t.put(0x10400, {11});
  t.put(0x18400, {22});
  t.run();
  EXPECT_EQ(t.i8(0x10200), 22);
  t.quirks.lut_channel_rotation = false;
  t.run();
  EXPECT_EQ(t.i8(0x10200), 11);
}

TEST(TiuRefusal, NamesTheOperationAndTheField) {
  Arith t(arith_mul, 4);
  t.c.short_opd0_str = 0;
  EXPECT_EQ(t.refusal(), "mul: short_res0_str and short_opd0_str must be 3");
  TiuRun none;
  none.c.tsk_typ = 9;
  EXPECT_EQ(none.refusal(), "tiu: tsk_typ is no operation");
}

TEST(TiuRefusal, OperandsOutsideLocalMemory) {
  Arith t(arith_max, 4);
  t.c.opd0_addr = 0x7FFD;
  EXPECT_NE(t.refusal().find("opd0 (1, 1, 1, 4) at address 32765 reaches byte 32768"), std::string::npos);
  t.c.opd0_addr = 0x7FFC;
  EXPECT_EQ(t.refusal(), "");
  t.c.res0_addr = 0x10000;
  EXPECT_NE(t.refusal().find("starts in lane 2 of 2"), std::string::npos);
}

TEST(TiuRefusal, SizesOfZeroAndBeyondMemory) {
  Arith t(arith_max, 4);
  t.c.opd0_w = t.c.opd1_w = t.c.res0_w = 0;
  EXPECT_NE(t.refusal().find("size of 0"), std::string::npos);
  t.c.opd0_w = t.c.opd1_w = t.c.res0_w = 4095;
  t.c.opd0_n = t.c.opd1_n = t.c.res0_n = 4095;
  t.c.opd0_c = t.c.opd1_c = t.c.res0_c = 4095;
  EXPECT_NE(t.refusal().find("more elements"), std::string::npos);
}

TEST(TiuRefusal, WorkWithoutBound) {
  TiuRun t;
  t.c.tsk_typ = tsk_conv;
  t.c.tsk_opd_num = 2;
  t.c.opt_res_shift = 0;
  t.c.opt_res0_sign = 1;
  t.c.opt_opd1_const = 1;
  t.c.short_opd1_str = stride_dense;
  VNPU_SET_SHAPE(t.c.opd0, 1, 2000, 5, 5);
  VNPU_SET_SHAPE(t.c.opd1, 2000, 4000, 20, 20);
  VNPU_SET_SHAPE(t.c.res0, 1, 4000, 2, 2);
  t.c.conv_opd0_up_pad = t.c.conv_opd0_dn_pad = t.c.conv_opd0_lf_pad = t.c.conv_opd0_rt_pad = 8;
  EXPECT_EQ(t.refusal(), "conv: more work than operands in local memory can ask for");
  t.c.opd0_c = t.c.opd1_n = 1;
  t.c.opd0_h = t.c.opd0_w = 4;
  t.c.opd1_h = t.c.opd1_w = 19;
  VNPU_SET_SHAPE(t.c.res0, 1, 3, 2, 2);
  t.c.opd1_c = 3;
  t.c.res0_addr = 0x100;
  EXPECT_EQ(t.refusal(), "");
}

TEST(TiuRefusal, SignsMustAgree) {
  Arith t(arith_mul, 4);
  t.c.opt_res0_sign = 0;
  EXPECT_NE(t.refusal().find("opt_res0_sign"), std::string::npos);
  t.c.opt_relu_typ = 1;  // a relu may leave the signed range
  EXPECT_EQ(t.refusal(), "");
  t.c.opt_relu_typ = 2;
  EXPECT_NE(t.refusal().find("opt_relu_typ"), std::string::npos);
  t.c.opt_relu_typ = 0;
  t.c.opt_res0_sign = 1;
  t.c.opt_shift_typ = 0;
  EXPECT_EQ(t.refusal(), "");  // nothing is shifted
  t.c.opt_res_shift = 1;
  EXPECT_NE(t.refusal().find("opt_shift_typ"), std::string::npos);
}

}  // namespace
}  // namespace vnpu::cv18xx
