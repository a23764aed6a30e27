// Convolution, depthwise convolution and pools: windows, padding, weights, biases, partial sums.
#include "tests/sim/tiu_fixture.h"

namespace vnpu::cv18xx {
namespace {

constexpr int lane1 = 0x8000;

// int8, one row: opd0 at 0, weights at 0x100, bias at 0x200, result at 0x300; no shift, signed.
struct Conv : TiuRun {
  Conv(int ic, int iw, int oc, int kw, int ow) {
    c.tsk_typ = tsk_conv;
    c.tsk_opd_num = 2;
    c.opt_res_shift = 0;
    c.opt_res0_sign = c.opt_opd0_sign = c.opt_opd1_sign = 1;
    VNPU_SET_SHAPE(c.opd0, 1, ic, 1, iw);
    VNPU_SET_SHAPE(c.opd1, ic, oc, 1, kw);
    VNPU_SET_SHAPE(c.opd2, 1, oc, 1, 1);
    VNPU_SET_SHAPE(c.res0, 1, oc, 1, ow);
    c.short_opd1_str = stride_dense;
    c.short_opd2_str = stride_bias;
    c.opd1_addr = 0x100;
    c.opd2_addr = 0x200;
    c.res0_addr = 0x300;
  }
  void bf16() {
    c.opd_typ = 1;
    c.opt_res0_sign = c.opt_opd0_sign = c.opt_opd1_sign = 0;
  }
};

// One channel, window over a row, depthwise or pool: opd0 at 0, weights at 0x100, bias at 0x200, result at 0x300.
struct Window1 : TiuRun {
  Window1(std::uint32_t op, int iw, int kw, int ow) {
    c.tsk_typ = tsk_pool;
    c.tsk_eu_typ = op;
    c.tsk_opd_num = op == pool_max || op == pool_min ? 1 : 2;
    c.opt_res_shift = 0;
    c.opt_res0_sign = c.opt_opd0_sign = 1;
    c.opt_opd1_sign = op != pool_avg;
    c.opt_opd1_const = op == pool_avg;
    VNPU_SET_SHAPE(c.opd0, 1, 1, 1, iw);
    VNPU_SET_SHAPE(c.opd1, 1, 1, 1, kw);
    VNPU_SET_SHAPE(c.opd2, 1, 1, 1, 1);
    VNPU_SET_SHAPE(c.res0, 1, 1, 1, ow);
    c.short_opd2_str = op == pool_depthwise ? stride_bias : stride_aligned;
    c.opd1_addr = 0x100;
    c.opd2_addr = 0x200;
    c.res0_addr = 0x300;
  }
};

TEST(TiuConv, ChannelsLieInLanesAndWeightsSideBySide) {
  Conv t(2, 2, 3, 1, 2);
  t.put(0, {1, 2});
  t.put(lane1, {3, 4});
  t.put(0x100, {10, 20, /* channel 2 of lane 0 */ 1, -1});
  t.put(lane1 + 0x100, {-1, 1});
  t.run();
  EXPECT_EQ(t.bytes(0x300, 2), (Values{70, 100}));
  EXPECT_EQ(t.bytes(lane1 + 0x300, 2), (Values{2, 2}));
  EXPECT_EQ(t.bytes(0x310, 2), (Values{-2, -2}));
}

TEST(TiuConv, PaddingAndInsertedCellsHoldTheInsertValue) {
  Conv t(1, 2, 1, 1, 7);
  t.put(0, {1, 2});
  t.put(0x100, {1});
  t.c.conv_opd0_lf_pad = 1;
  t.c.conv_opd0_rt_pad = 1;
  t.c.conv_opd0_x_ins0 = 1;
  t.c.conv_opd0_x_ins0_last = 2;
  t.c.opd0_ins_val = 0x1FF;  // the low byte counts
  t.run();
  EXPECT_EQ(t.bytes(0x300, 7), (Values{-1, 1, -1, 2, -1, -1, -1}));
}

TEST(TiuConv, StrideAndKernelDilation) {
  Conv t(1, 6, 1, 2, 2);
  t.put(0, {1, 2, 3, 4, 5, 6});
  t.put(0x100, {10, 1});
  t.c.conv_opd1_x_ins0 = 2;  // cells x and x + 3
  t.c.conv_op_x_str = 2;
  t.run();
  EXPECT_EQ(t.bytes(0x300, 2), (Values{14, 36}));
}

TEST(TiuConv, BiasShiftReluSaturation) {
  Conv t(1, 3, 1, 1, 3);
  t.put(0, {1, -100, 127});
  t.put(0x100, {100});
  t.c.tsk_opd_num = 3;
  t.put(0x200, {0xFC, 0xFF});  // -4 in planes at distance cdiv(1, 2) = 1
  t.c.opt_res_shift = 6;
  t.run();
  EXPECT_EQ(t.bytes(0x300, 3), (Values{2 /* 96/64 = 1.5 */, -128, 127}));
  t.c.opt_rshift_typ = 0;
  t.c.opt_relu_typ = 1;
  t.run();
  EXPECT_EQ(t.bytes(0x300, 3), (Values{1, 0, 127}));
}

TEST(TiuConv, BiasPlaneDistanceIsComputed) {
  Conv t(1, 1, 3, 1, 1);
  t.c.tsk_opd_num = 3;
  t.c.opd2_b_str = 0x40;
  t.put(0x200, {5, 7, /* high bytes of channels 0 and 2 */ 0, 0});
  t.put(0x240, {1, 1});
  t.run();
  EXPECT_EQ(t.bytes(0x300, 1), (Values{5}));
  EXPECT_EQ(t.bytes(0x310, 1), (Values{7}));

  t.c.short_opd2_str = stride_registers;
  EXPECT_NE(t.refusal().find("short_opd2_str"), std::string::npos);
  t.quirks.bias_plane_computed = false;
  t.run();
  EXPECT_EQ(t.bytes(0x300, 1), (Values{127}));  // 0x105
}

TEST(TiuConv, LogicShiftSeesAnUnsignedAccumulator) {
  Conv t(1, 1, 1, 1, 1);
  t.c.opt_res0_sign = t.c.opt_opd0_sign = t.c.opt_opd1_sign = 0;
  t.c.opt_shift_typ = 0;
  t.c.ps32_md = 1;
  t.c.short_res0_str = stride_registers;
  t.put(0x300, {0});
  t.put(0x330, {0x80});  // the sum starts at 0x80000000
  t.c.opt_res_shift = 24;
  t.run();
  EXPECT_EQ(t.u8(0x300), 0x80);
}

TEST(TiuConv, QuantisedPerChannelRecords) {
  Conv t(1, 1, 3, 1, 1);
  t.c.opt_chl_quan = 1;
  t.c.opt_opd2_seg = 1;
  t.c.tsk_opd_num = 3;
  t.put(0, {10});
  t.put(0x100, {1, 1});
  t.put(lane1 + 0x100, {1});
  t.put(0x200, {20, 0, 0, 0, 0xFF, 0xFF, 0xFF, 0x7F, 2, /* channel 2 */ 0xF0, 0xFF, 0xFF, 0xFF, 0, 0, 0, 0x40, 0});
  t.put(lane1 + 0x200, {0, 0, 0, 0, 0xFF, 0xFF, 0xFF, 0x7F, 0x3E});
  t.run();
  EXPECT_EQ(t.i8(0x300), 8);           // (10 + 20) / 4 = 7.5
  EXPECT_EQ(t.i8(lane1 + 0x300), 40);  // left by 2
  EXPECT_EQ(t.i8(0x310), -3);          // (10 - 16) / 2

  t.c.tsk_opd_num = 2;  // records of 5 bytes
  t.put(0x200, {0xFF, 0xFF, 0xFF, 0x7F, 0, 0, 0, 0, 0x40, 0});
  t.run();
  EXPECT_EQ(t.i8(0x300), 10);
  EXPECT_EQ(t.i8(0x310), 5);
}

TEST(TiuConv, PartialSumsGoThroughFourPlanes) {
  Conv t(1, 2, 1, 1, 2);
  t.put(0, {100, -100});
  t.put(0x100, {100});
  t.c.short_res0_str = stride_registers;
  t.c.res0_b_str = 0x20;
  t.c.ps32_md = 2;
  t.run();
  EXPECT_EQ(t.bytes(0x300, 2), (Values{0x10, -0x10}));  // 10000 = 0x2710
  EXPECT_EQ(t.bytes(0x320, 2), (Values{0x27, -0x28}));
  EXPECT_EQ(t.bytes(0x340, 2), (Values{0, -1}));
  EXPECT_EQ(t.bytes(0x360, 2), (Values{0, -1}));
  t.c.ps32_md = 3;
  t.run();
  t.c.ps32_md = 1;
  t.c.opt_res_shift = 10;
  t.run();
  EXPECT_EQ(t.bytes(0x300, 2), (Values{29, -29}));  // 30000 / 1024
}

TEST(TiuConv, Bf16SumsInOrderTowardZero) {
  Conv t(3, 1, 1, 1, 1);
  t.bf16();
  t.c.tsk_opd_num = 3;
  // 1 + 2^-24 - 2^-24 in this order is 1 - 2^-24 when each sum is cut.
  t.put16(0, {0x3F80});
  t.put16(lane1, {0x3380});
  t.put16(0x10, {0xB380});
  t.put16(0x100, {0x3F80, 0x3F80, 0x3F80});
  t.put16(0x200, {0xBF80, 0x0000});  // bias -1: upper half, then lower half at distance cdiv(1, 2) * 2
  t.run();
  EXPECT_EQ(t.u16(0x300), 0xB380);  // -2^-24
}

TEST(TiuConv, Bf16InsertValueIsAnInteger) {
  Conv t(1, 1, 1, 1, 2);
  t.bf16();
  t.put16(0x100, {0x3F80});
  t.c.conv_opd0_lf_pad = 1;
  t.c.opd0_ins_val = 0x3F80;
  t.run();
  EXPECT_EQ(t.u16(0x300), 0x467E);  // 16256
  t.quirks.bf16_insert_integer = false;
  t.run();
  EXPECT_EQ(t.u16(0x300), 0x3F80);
}

TEST(TiuConv, Bf16PartialSumQuirk) {
  Conv t(1, 1, 1, 1, 1);
  t.bf16();
  t.c.short_res0_str = stride_registers;
  t.c.res0_b_str = 0x10;
  t.c.ps32_md = 1;
  t.put16(0, {0xBF80});
  const auto start_from_nan = [&] {
    t.put16(0x300, {0x7FC0});
    t.put16(0x310, {0});
  };
  start_from_nan();
  t.put16(0x100, {0x7F00});  // +FLT_MAX - 2^127
  t.run();
  EXPECT_EQ(t.u16(0x300), 0x7EFF + 1);  // 0x7EFFFFFE rounds up
  t.quirks.conv_psum_flushes_subnormals = false;
  start_from_nan();
  t.run();
  EXPECT_EQ(t.u16(0x300), 0x7F7F);
}

TEST(TiuConv, OperandsAreReadBeforeTheResultIsWritten) {
  Conv t(1, 4, 1, 1, 4);
  t.put(0, {1, 2, 3, 4});
  t.put(0x100, {1});
  t.c.short_res0_str = stride_registers;
  t.c.res0_addr = 1;
  t.run();
  EXPECT_EQ(t.bytes(0, 5), (Values{1, 1, 2, 3, 4}));
}

TEST(TiuDepthwise, EachChannelHasItsAlignedKernel) {
  Window1 t(pool_depthwise, 2, 2, 1);
  t.c.opd0_c = t.c.opd1_c = t.c.opd2_c = t.c.res0_c = 3;
  t.put(0, {1, 2});
  t.put(lane1, {3, 4});
  t.put(0x10, {5, 6});
  t.put(0x100, {1, 10});
  t.put(lane1 + 0x100, {2, 3});
  t.put(0x110, {-1, -1});
  t.run();
  EXPECT_EQ(t.i8(0x300), 21);
  EXPECT_EQ(t.i8(lane1 + 0x300), 18);
  EXPECT_EQ(t.i8(0x310), -11);
}

TEST(TiuDepthwise, QuantisedFormIgnoresKernelDilation) {
  Window1 t(pool_depthwise, 3, 2, 1);
  t.put(0, {1, 2, 3});
  t.put(0x100, {1, 10});
  t.c.conv_opd1_x_ins0 = 1;
  t.run();
  EXPECT_EQ(t.i8(0x300), 31);  // the plain form honours it
  t.c.opt_chl_quan = 1;
  t.c.opt_opd2_seg = 1;
  t.put(0x200, {0xFF, 0xFF, 0xFF, 0x7F, 0});
  t.run();
  EXPECT_EQ(t.i8(0x300), 21);
  t.quirks.depthwise_qdm_no_dilation = false;
  t.run();
  EXPECT_EQ(t.i8(0x300), 31);
}

TEST(TiuPool, Int8MaximumStartsAtTheInsertValue) {
  Window1 t(pool_max, 3, 2, 2);
  t.put(0, {-5, -3, -9});
  t.c.opd0_ins_val = 0x80;
  t.run();
  EXPECT_EQ(t.bytes(0x300, 2), (Values{-3, -3}));
  t.c.opd0_ins_val = 0;
  t.run();
  EXPECT_EQ(t.bytes(0x300, 2), (Values{0, 0}));
  t.quirks.int8_pool_starts_at_insert = false;
  t.run();
  EXPECT_EQ(t.bytes(0x300, 2), (Values{-3, -3}));
}

TEST(TiuPool, Int8Minimum) {
  Window1 t(pool_min, 3, 2, 2);
  t.put(0, {5, 3, 9});
  t.c.opd0_ins_val = 4;
  t.run();
  EXPECT_EQ(t.bytes(0x300, 2), (Values{3, 3}));
  t.put(0, {5, 8, 9});
  t.run();
  EXPECT_EQ(t.bytes(0x300, 2), (Values{4, 4}));
}

TEST(TiuPool, Bf16PadsWithThePatternOfTheField) {
  Window1 t(pool_max, 1, 2, 1);
  t.c.opd_typ = 1;
  t.put16(0, {0xC000});
  t.c.conv_opd0_lf_pad = 1;
  t.c.opd0_ins_val = 0xBF80;
  t.run();
  EXPECT_EQ(t.u16(0x300), 0xBF80);
  t.c.opd0_ins_val = 0xFF7F;
  t.run();
  EXPECT_EQ(t.u16(0x300), 0xC000);
  t.put16(0, {0xFF80});
  t.run();
  EXPECT_EQ(t.u16(0x300), 0x7F7F);  // an infinity anywhere
}

TEST(TiuPool, AverageCountsPaddedCells) {
  Window1 t(pool_avg, 2, 2, 2);
  t.put(0, {50, 100});
  t.c.conv_opd0_rt_pad = 1;
  t.c.opd1_addr = 128;
  t.c.opt_res_shift = 8;
  t.run();
  EXPECT_EQ(t.bytes(0x300, 2), (Values{75, 50}));
}

TEST(TiuPool, ResultMayBeSmallerThanTheWindowsNotLarger) {
  Window1 t(pool_max, 5, 2, 3);
  t.c.opd0_ins_val = 0x80;
  EXPECT_EQ(t.refusal(), "");
  t.c.res0_w = 5;
  EXPECT_NE(t.refusal().find("res0_w"), std::string::npos);
}

}  // namespace
}  // namespace vnpu::cv18xx
