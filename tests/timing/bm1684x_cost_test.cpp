// The BM1684X's laws against rows of the converter's own estimate: commands of small seeded networks, with the fields
// that the law reads and the cycles that the converter printed for them.
#include <gtest/gtest.h>

#include "base/error.h"
#include "sim/bm1684x/timing/cost.h"

namespace vnpu::bm1684x {
namespace {

TiuCommand tiu(std::uint32_t type, std::uint32_t eu, std::uint32_t prec, std::uint32_t n, std::uint32_t c,
               std::uint32_t h, std::uint32_t w) {
  TiuCommand made;
  made.tsk_typ = type;
  made.tsk_eu_typ = eu;
  made.res0_prec = made.opd0_prec = made.opd1_prec = prec;
  made.res0_n = n;
  made.res0_c = c;
  made.res0_h = h;
  made.res0_w = w;
  made.opd0_addr = 0x4000;
  made.opd1_addr = 0x8000;
  return made;
}

TEST(Bm1684xCost, ConvolutionFillsTheCube) {
  const auto cycles = [](std::uint32_t prec) {
    TiuCommand c = tiu(tsk_conv, 0, prec, 2, 65, 7, 7);
    c.opd0_c = 129;
    c.opd1_h = c.opd1_w = 3;
    return work_of(c).cycles;
  };
  EXPECT_EQ(cycles(i8), 2 * 2 * 9 * 3 * 13);    // 64 channels and 4 pixels
  EXPECT_EQ(cycles(f16), 2 * 2 * 9 * 5 * 13);   // 32 and 4
  EXPECT_EQ(cycles(f32), 2 * 2 * 9 * 129 * 4);  // 1 and 16
}

TEST(Bm1684xCost, ArithmeticCostsMoreInPlaceAndByStrides) {
  TiuCommand c = tiu(tsk_ar, 4, f16, 1, 6, 10, 13);
  c.tsk_opd_num = 2;
  c.opd1_const = 1;
  c.res0_addr = 0x8000;
  c.opd0_addr = 0x8140;
  EXPECT_EQ(work_of(c).cycles, 5);
  c.opd0_addr = c.res0_addr;
  EXPECT_EQ(work_of(c).cycles, 10);

  TiuCommand copy = tiu(tsk_ar, 19, f16, 1, 1, 32, 16);
  copy.tsk_opd_num = 1;
  EXPECT_EQ(work_of(copy).cycles, 16);
  copy.res0_str = copy.opd0_str = Layout::strided;
  copy.res0_h_str = 1;
  copy.res0_w_str = 32;
  copy.opd0_h_str = 16;
  copy.opd0_w_str = 1;
  EXPECT_EQ(work_of(copy).cycles, 512);

  // Rows that stand apart take their own lines at most: 8 rows of one, where 6 would do.
  TiuCommand fill = tiu(tsk_ar, 19, f16, 1, 40, 8, 24);
  fill.tsk_opd_num = fill.opd0_const = 1;
  fill.res0_str = Layout::strided;
  fill.res0_h_str = 64;
  fill.res0_w_str = 1;
  EXPECT_EQ(work_of(fill).cycles, 6);

  // Two free walks; one number for a whole channel does not spare the second, one for a row does.
  TiuCommand sub = tiu(tsk_ar, 3, f16, 1, 64, 400, 1);
  sub.tsk_opd_num = 2;
  sub.res0_addr = 0x10000;
  sub.opd0_str = sub.opd1_str = Layout::strided;
  sub.opd0_h_str = sub.opd0_w_str = 1;
  EXPECT_EQ(work_of(sub).cycles, 26);
  sub.opd1_h_str = 1;
  EXPECT_EQ(work_of(sub).cycles, 13);

  TiuCommand divide = tiu(tsk_ar, 12, f32, 1, 60, 1, 13);
  divide.tsk_opd_num = 2;
  EXPECT_EQ(work_of(divide).cycles, 31);
}

TEST(Bm1684xCost, PoolingProductsAndTables) {
  TiuCommand pool = tiu(tsk_pord, 1, i8, 1, 20, 13, 15);
  pool.opd1_h = pool.opd1_w = 3;
  pool.res_op_x_str = pool.res_op_y_str = 1;
  EXPECT_EQ(work_of(pool).cycles, 36);
  pool.res0_prec = i32;
  EXPECT_EQ(work_of(pool).cycles, 117);

  TiuCommand mm = tiu(tsk_mm, 1, f32, 0, 2, 0, 32);
  mm.opd0_n = 16;
  mm.opd0_c = 2;
  mm.opd0_w = mm.opd1_w = 16;
  EXPECT_EQ(work_of(mm).cycles, 1056);  // with a bias
  mm.opd2_const = 1;
  EXPECT_EQ(work_of(mm).cycles, 1024);

  TiuCommand gather = tiu(tsk_sg, 5, i8, 2, 10, 1, 80);
  gather.opd1_w = 80;
  EXPECT_EQ(work_of(gather).cycles, 160);
  gather = tiu(tsk_sg, 13, f32, 21, 2, 1, 21);
  gather.opd1_w = 21;
  EXPECT_EQ(work_of(gather).cycles, 661);
}

GdmaCommand load(std::uint32_t format, std::uint32_t c, std::uint32_t h, std::uint32_t w) {
  GdmaCommand made;
  made.stride_enable = made.nchw_copy = 1;
  made.src_data_format = format;
  made.src_nsize = 1;
  made.src_csize = c;
  made.src_hsize = h;
  made.src_wsize = w;
  made.src_nstride = c * h * w;
  made.src_cstride = h * w;
  made.src_hstride = made.dst_hstride = w;
  made.src_wstride = made.dst_wstride = 1;
  made.dst_cstride = made.dst_nstride = h * w;
  made.src_start_addr_h8 = 1;
  made.dst_start_addr_l32 = static_cast<std::uint32_t>(local_base);
  return made;
}

TEST(Bm1684xCost, ShortRunsAndFewPagesSlowTransfersDown) {
  const TimingValues values = timing_board("bm1684x-ideal").values;
  EXPECT_EQ(work_of(load(f32, 6, 10, 13), values).cycles, 231);  // one page
  EXPECT_EQ(work_of(load(f32, 12, 9, 11), values).cycles, 175);  // two pages
  EXPECT_EQ(work_of(load(f16, 48, 1, 32), values).cycles, 909);  // runs of 64 bytes
  EXPECT_EQ(work_of(load(f32, 3, 160, 160), values).cycles, 5687);
  EXPECT_EQ(work_of(load(f32, 6, 10, 13), values).ddr_read, 3120u);

  GdmaCommand matrix;
  matrix.cmd_type = dma_matrix;
  matrix.stride_enable = 1;
  matrix.src_data_format = f32;
  matrix.src_hsize = 1;
  matrix.src_wsize = 780;
  matrix.dst_csize = 60;
  matrix.dst_wsize = 13;
  matrix.src_start_addr_h8 = 1;
  matrix.dst_start_addr_l32 = static_cast<std::uint32_t>(local_base);
  EXPECT_EQ(work_of(matrix, values).cycles, 264);

  GdmaCommand apart = load(f16, 17, 3, 4200);  // rows in pages of their own
  apart.src_nstride = 428400;
  apart.src_cstride = 25200;
  apart.src_hstride = 8400;
  EXPECT_EQ(work_of(apart, values).cycles, 7930);

  GdmaCommand turned = matrix;
  turned.cmd_special_function = 1;
  turned.src_hsize = 40;
  turned.src_wsize = 15;
  turned.dst_csize = 3;
  turned.dst_wsize = 16;
  EXPECT_EQ(work_of(turned, values).cycles, 220);

  // What silicon's board says instead: no loss but for runs below a burst of the memory.
  const TimingValues silicon = timing_board("bm1684x-soc").values;
  EXPECT_EQ(work_of(load(f32, 6, 10, 13), silicon).cycles, 57);
  EXPECT_EQ(work_of(load(f16, 48, 1, 8), silicon).cycles, 28);
}

TEST(Bm1684xCost, HostileSizesEnd) {
  const TimingValues values = timing_board("bm1684x-ideal").values;
  GdmaCommand c = load(i8, 65535, 65535, 65535);
  c.src_nsize = 65535;
  c.src_nstride = c.src_cstride = c.src_hstride = 0;
  EXPECT_THROW(work_of(c, values), Error);
  GdmaCommand slow = load(i8, 150, 150, 150);  // walks of one byte a step
  slow.src_nsize = 150;
  slow.src_nstride = slow.src_cstride = slow.src_hstride = 1;
  slow.src_wstride = 1;
  EXPECT_GT(work_of(slow, values).cycles, 0);
  slow.src_data_format = 7;
  EXPECT_THROW(work_of(slow, values), Error);
  EXPECT_THROW(work_of(tiu(tsk_lar, 0, f32, 1, 1, 1, 1)), Error);
}

}  // namespace
}  // namespace vnpu::bm1684x
