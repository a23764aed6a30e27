// Costs of single commands against what silicon took: durations of the public per-command trace of a CV1835 (resnet50
// int8, 650 MHz, 32 lanes), whose shapes follow from the network. And the parameters behind them.
#include "sim/cv18xx/timing/cost.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

#include "base/error.h"
#include "isa/cv18xx/chip.h"
#include "tests/timing/conv_shape.h"

namespace vnpu::cv18xx {
namespace {

TiuCommand pool(PoolOp op, std::uint32_t c, std::uint32_t h, std::uint32_t w, std::uint32_t kh, std::uint32_t kw,
                std::uint32_t stride, std::uint32_t input_w, bool bf16 = false) {
  TiuCommand p;
  p.tsk_typ = tsk_pool;
  p.tsk_eu_typ = op;
  p.tsk_opd_num = 1;
  p.res0_c = c, p.res0_h = h, p.res0_w = w;
  p.opd0_c = c, p.opd0_w = input_w, p.opd0_h_str = input_w * (bf16 ? 2 : 1);
  p.opd1_h = kh, p.opd1_w = kw;
  p.conv_op_x_str = p.conv_op_y_str = stride;
  p.opd_typ = bf16;
  return p;
}

TiuCommand element(ArithOp op, std::uint32_t c, std::uint32_t h, std::uint32_t w, bool bf16 = false,
                   std::uint32_t table = 0) {
  TiuCommand e;
  e.tsk_typ = tsk_arith;
  e.tsk_eu_typ = op;
  e.opd_typ = bf16;
  e.res0_c = c, e.res0_h = h, e.res0_w = w;
  e.opd0_w_str = e.opd1_w_str = bf16 ? 2 : 1;
  if (bf16) e.opd1_w_str = 1;
  if (bf16) e.opd0_w_str = 1;
  if (table) e.opd1_h = table;
  return e;
}

TiuCommand matmul(std::uint32_t k, bool per_channel) {
  TiuCommand m;
  m.tsk_typ = tsk_matmul;
  m.res0_c = 32, m.res0_w = 16;
  m.opd1_n = k;
  m.opt_chl_quan = per_channel;
  return m;
}

TimingValues trace_board() { return timing_board("cv183x-evb").values; }

TEST(Cost, TiuCommandsLastWhatSiliconTook) {
  struct Case {
    const char* what;
    TiuCommand command;
    std::uint64_t cycles;
  };
  const Case cases[] = {
      {"1x1 64->64 19x56", conv(64, 64, 1, 19, 56), 4489},
      {"1x1 64->256 19x56", conv(256, 64, 1, 19, 56), 17755},
      {"3x3 64->64 14x56", conv(64, 64, 3, 14, 56), 28389},
      {"1x1 64->256 14x56", conv(256, 64, 1, 14, 56), 13003},
      {"1x1 256->64 14x56", conv(64, 256, 1, 14, 56), 12709},
      {"1x1 1024->32 7x7", conv(32, 1024, 1, 7, 7), 2119},
      {"3x3 512->32 7x7", conv(32, 512, 3, 7, 7), 9287},
      {"1x1 512->32 7x7", conv(32, 512, 1, 7, 7), 1095},
      {"1x1 2048->32 7x7", conv(32, 2048, 1, 7, 7), 4167},
      {"3x3 256->256 14x14", conv(256, 256, 3, 14, 14), 119979},
      {"1x1 256->512 stride 2 10x28", conv(512, 256, 1, 10, 28, 2), 37219},
      {"max pool 3x3 stride 2", pool(pool_max, 64, 19, 56, 3, 3, 2, 112), 2780},
      {"average pool 7x7", pool(pool_avg, 2048, 1, 1, 7, 7, 1, 7), 3436},
      {"bf16 max pool", pool(pool_max, 1, 1, 1, 125, 8, 1, 8, true), 1044},
      {"bf16 average pool", pool(pool_avg, 1, 1, 1, 125, 8, 1, 8, true), 1046},
      {"mul", element(arith_mul, 256, 14, 56), 1413},
      {"mac", element(arith_mac, 256, 14, 56), 3177},
      {"copy", element(arith_copy, 2048, 7, 7), 680},
      {"bf16 sub", element(arith_sub, 125, 1, 8, true), 52},
      {"bf16 mul", element(arith_mul, 1, 1, 1, true), 43},
      {"bf16 mac", element(arith_mac, 125, 1, 8, true), 55},
      {"bf16 lookup", element(arith_lut, 125, 1, 8, true, 32), 173},
      {"bf16 lookup of one", element(arith_lut, 1, 1, 1, true, 32), 74},
      {"matrix product K 1014", matmul(1014, false), 1066},
      {"matrix product K 20", matmul(20, true), 97},
  };
  CostModel costs(trace_board());
  for (const Case& each : cases) EXPECT_EQ(costs.tiu(each.command).timed.work_cycles, each.cycles) << each.what;
  // The two whose fetch law is not exact: 7x7 stride 2, whose padded rows are cheaper, and a pool of other height.
  TiuCommand first = conv(64, 4, 7, 39, 112, 2);
  EXPECT_NEAR(static_cast<double>(costs.tiu(first).timed.work_cycles), 75269, 75269 * 0.002);
  EXPECT_NEAR(static_cast<double>(costs.tiu(pool(pool_max, 64, 18, 56, 3, 3, 2, 112)).timed.work_cycles), 2606,
              2606 * 0.013);
}

TEST(Cost, TwoLanesAreBoundByFetching) {
  CostModel two(timing_board("cv180x-evb").values), eight(timing_board("cv181x-evb").values);
  const TiuCommand c = conv(64, 64, 3, 14, 56);
  const auto slow = two.tiu(c), fast = eight.tiu(c);
  EXPECT_EQ(slow.bound, Bound::fetch);
  EXPECT_EQ(fast.bound, Bound::products);
  EXPECT_GT(slow.timed.work_cycles, 4 * fast.timed.work_cycles);  // more than the lanes tell
}

TEST(Cost, MacsAreCounted) {
  EXPECT_EQ(macs_of(conv(64, 32, 3, 14, 56)), 64u * 32 * 9 * 14 * 56);
  EXPECT_EQ(macs_of(pool(pool_depthwise, 64, 14, 14, 3, 3, 1, 14)), 64u * 14 * 14 * 9);
  EXPECT_EQ(macs_of(pool(pool_max, 64, 14, 14, 3, 3, 1, 14)), 0u);
  EXPECT_EQ(macs_of(matmul(100, false)), 32u * 16 * 100);
}

TEST(Cost, ACommandOfHoursIsRefused) {
  CostModel costs(trace_board());
  TiuCommand c = conv(4095, 4095, 1, 4095, 4095);
  c.res0_n = 4095;
  c.opd1_h = c.opd1_w = 4095;
  EXPECT_THROW(costs.tiu(c), Error);
}

TdmaCommand load(std::uint32_t c, std::uint32_t h, std::uint32_t w) {
  TdmaCommand d;
  d.vld = 1;
  d.trans_dir = g2l;
  d.src_n = 1, d.src_c = d.dst_c = c, d.src_h = d.dst_h = h, d.src_w = d.dst_w = w;
  d.src_h_stride = d.dst_h_stride = w;
  d.src_c_stride_low = d.dst_c_stride_low = h * w;
  d.src_n_stride = d.dst_n_stride = c * h * w;
  return d;
}

TEST(Cost, TransfersByHand) {
  const CostModel costs(trace_board());
  // 3 planes of 80x224 that follow each other: one run of 53,760 bytes, 3,360 beats, 210 bursts.
  const auto image = costs.tdma(load(3, 80, 224));
  EXPECT_EQ(image.timed.start_cycles, 110u);
  EXPECT_EQ(image.timed.access[0].bytes, 53760u);
  EXPECT_EQ(image.timed.access[0].runs, 1u);
  EXPECT_EQ(image.bursts, 210u);
  EXPECT_EQ(image.data_bytes, 53760u);
  // Rows of 40 bytes, 100 apart: each is a run and takes whole beats of 16 bytes.
  TdmaCommand rows = load(1, 10, 40);
  rows.src_h_stride = 100;
  std::uint64_t beats = 0;
  for (std::uint64_t i = 0; i < 10; ++i) beats += (i * 100 + 40 + 15) / 16 - i * 100 / 16;
  const auto strided = costs.tdma(rows);
  EXPECT_EQ(strided.timed.access[0].runs, 10u);
  EXPECT_EQ(strided.timed.access[0].bytes, beats * 16);
  EXPECT_EQ(strided.data_bytes, 400u);
  // Gaps of 16 bytes are read and written along, larger ones are not.
  rows.src_h_stride = 56;
  EXPECT_EQ(costs.tdma(rows).timed.access[0].runs, 1u);
  TdmaCommand store = rows;
  store.trans_dir = l2g;
  std::swap(store.src_h_stride, store.dst_h_stride);
  EXPECT_EQ(costs.tdma(store).timed.access[1].runs, 1u);
  store.dst_h_stride = 57;
  EXPECT_EQ(costs.tdma(store).timed.access[1].runs, 10u);
  EXPECT_TRUE(costs.tdma(store).timed.access[1].write);
  // What cannot lie in local memory is a fault, however large the fields.
  TdmaCommand huge = load(65535, 65535, 65535);
  huge.src_n = 65535;
  EXPECT_THROW(costs.tdma(huge), Error);
}

TEST(Cost, RowsInsideLocalMemoryCountWords) {
  const CostModel costs(trace_board());
  TdmaCommand d = load(2, 3, 20);  // whole planes: 60 bytes are 4 words
  d.dst_c_stride_low = 64;
  EXPECT_EQ(costs.tdma(d).timed.work_cycles, static_cast<std::uint64_t>(std::llround(2 * 4 * 1.04)));
  d.dst_h_stride = 32;  // rows apart: 2 words each
  d.dst_c_stride_low = 96;
  EXPECT_EQ(costs.tdma(d).timed.work_cycles, static_cast<std::uint64_t>(std::llround(2 * 3 * 2 * 1.04)));
}

TEST(Parameters, EveryBoardLoadsAndTellsItsSources) {
  const auto names = timing_boards();
  for (const char* each : {"cv180x-evb", "cv181x-evb", "cv182x-evb", "milkv-duo", "maixcam"})
    EXPECT_NE(std::ranges::find(names, each), names.end()) << each;
  for (const auto& name : names) {
    const TimingBoard board = timing_board(name);
    for (const auto& each : board.sources) {
      EXPECT_FALSE(each.from.empty()) << name << " " << each.key;
      EXPECT_FALSE(each.note.empty()) << name << " " << each.key;
    }
  }
  EXPECT_EQ(timing_board("maixcam").status, "calibrated, not validated");
}

std::string refusal(const std::string& setting) {
  try {
    timing_board("maixcam", std::vector<std::string>{setting});
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::usage);
    return error.what();
  }
  return {};
}

TEST(Parameters, ImpossibleValuesAreRefused) {
  EXPECT_NE(refusal("clock.tpu_mhz=0").find("1 to 5000 MHz"), std::string::npos);
  EXPECT_NE(refusal("dram.mega_transfers=-1866").find("impossible"), std::string::npos);
  EXPECT_NE(refusal("clock.speed=5").find("clock.tpu_mhz, tpu.lanes"), std::string::npos);
  EXPECT_NE(refusal("clock.tpu_mhz=fast"), "");
  EXPECT_NE(refusal("clock.tpu_mhz=nan"), "");
  EXPECT_NE(refusal("clock.tpu_mhz=5x"), "");
  EXPECT_NE(refusal("clock.tpu_mhz"), "");
  EXPECT_EQ(refusal("clock.tpu_mhz=600"), "");
  EXPECT_THROW(timing_board("toaster"), Error);
}

TEST(Parameters, BoardTextsAreChecked) {
  const auto kind = [](const std::string& text) {
    try {
      timing_board_from_text(text, "test");
    } catch (const Error& error) {
      return error.kind();
    }
    return ErrorKind::internal;
  };
  const std::string head = "chip = \"cv181x\"\n", good = "[clock]\ntpu_mhz = {value = 500, from = \"guessed\"}\n";
  EXPECT_EQ(timing_board_from_text(head + good, "test").values.tpu_mhz, 500);
  EXPECT_EQ(kind("chip = "), ErrorKind::damaged);
  EXPECT_EQ(kind(good), ErrorKind::damaged);  // no chip
  EXPECT_EQ(kind(head), ErrorKind::damaged);  // no clock
  EXPECT_EQ(kind(head + "speed = 3\n" + good), ErrorKind::damaged);
  EXPECT_EQ(kind(head + "[clock]\ntpu_mhz = 500\n"), ErrorKind::damaged);  // from nowhere
  EXPECT_EQ(kind(head + "[clock]\ntpu_mhz = {value = 0, from = \"guessed\"}\n"), ErrorKind::damaged);
  EXPECT_EQ(kind(head + good + "[dram]\nspeed = {value = 1, from = \"guessed\"}\n"), ErrorKind::damaged);
}

}  // namespace
}  // namespace vnpu::cv18xx
