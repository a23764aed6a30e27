// The K210's layer law against published times of single layers: a table of 3x3 layers of 128 channels with 16-bit
// weights (KPU 300 MHz, CPU 500 MHz) and layers of a public face detector (both 400 MHz, 8-bit weights).
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

#include "base/error.h"
#include "sim/k210/ai_ram.h"
#include "sim/k210/timing/cost.h"

namespace vnpu::k210 {
namespace {

struct Row {
  std::uint32_t in, out, width, height, kernel;
  bool depthwise;
  double ms;
};

constexpr Row table_300[] = {
    {128, 128, 4, 4, 3, false, 0.339},      {128, 128, 16, 4, 3, false, 0.339},     {128, 128, 16, 16, 3, false, 0.417},
    {128, 128, 32, 16, 3, false, 0.692},    {128, 128, 64, 32, 3, false, 2.125},    {128, 128, 64, 64, 3, false, 3.891},
    {128, 128, 128, 128, 3, false, 14.778}, {128, 128, 256, 256, 3, false, 57.756},
};
constexpr Row face_400[] = {
    {3, 16, 320, 240, 3, false, 0.206}, {16, 16, 160, 120, 3, true, 0.039}, {16, 32, 160, 120, 1, false, 0.514},
    {32, 32, 80, 60, 3, true, 0.029},   {64, 64, 80, 60, 1, false, 1.328},  {64, 64, 40, 30, 3, true, 0.020},
    {64, 128, 40, 30, 1, false, 0.704}, {128, 128, 40, 30, 3, true, 0.034}, {128, 256, 20, 15, 1, false, 0.781},
    {256, 256, 20, 15, 3, true, 0.025}, {256, 256, 20, 15, 3, true, 0.026}, {256, 256, 20, 15, 1, false, 1.521},
};

double milliseconds(const Row& row, bool wide, const TimingValues& values) {
  Layer layer;
  layer.depth_wise_layer = row.depthwise;
  layer.i_ch_num = row.in - 1;
  layer.o_ch_num = row.out - 1;
  layer.i_row_wid = layer.o_row_wid = row.width - 1;
  layer.i_col_high = layer.o_col_high = row.height - 1;
  layer.kernel_type = row.kernel == 3;
  const auto one = static_cast<std::int64_t>(layer.weights_per_output() * (wide ? 2 : 1));
  const std::int64_t limit = (wide ? 60 : 30) * 1024 / one;
  layer.para_size = row.depthwise ? one * row.out : one * std::min<std::int64_t>(row.out, limit);
  return layer_time(layer, wide, values).cycles(values) / values.kpu_mhz / 1e3;
}

TEST(K210Cost, LayersTakeWhatWasPublished) {
  const std::string clocks[] = {"clock.kpu_mhz=300", "clock.cpu_mhz=500"};
  const TimingValues at_300 = timing_board(default_timing_board, clocks).values;
  const TimingValues at_400 = timing_board(default_timing_board).values;
  double sum = 0, worst = 0;
  const auto check = [&](std::span<const Row> rows, bool wide, const TimingValues& values) {
    for (const Row& row : rows) {
      const double error = std::abs(milliseconds(row, wide, values) / row.ms - 1);
      EXPECT_LE(error, 0.15) << row.in << "x" << row.height << "x" << row.width;
      sum += error;
      worst = std::max(worst, error);
    }
  };
  check(table_300, true, at_300);
  check(face_400, false, at_400);
  EXPECT_LE(sum / (std::size(table_300) + std::size(face_400)), 0.04);
  EXPECT_LE(worst, 0.05);
}

TEST(K210Cost, WeightsBeyondOneLoadRunBesideComputing) {
  const TimingValues values = timing_board(default_timing_board).values;
  Layer layer;
  layer.i_ch_num = layer.o_ch_num = 511;
  layer.i_row_wid = layer.i_col_high = layer.o_row_wid = layer.o_col_high = 3;
  layer.kernel_type = 1;
  layer.para_size = 27648;
  const LayerTime small = layer_time(layer, false, values);
  EXPECT_EQ(small.first_bytes + small.later_bytes, layer.weight_count());
  EXPECT_EQ(small.first_bytes, 27648u);
  EXPECT_GT(small.cycles(values), small.start + small.compute);  // loading is the longer
  EXPECT_EQ(small.macs, layer.weight_count() * 16);
}

TEST(K210Board, RefusesUnknownNamesAndValues) {
  EXPECT_THROW(timing_board("maix"), Error);
  const std::string unknown[] = {"kpu.speed=1"}, impossible[] = {"clock.kpu_mhz=0"};
  EXPECT_THROW(timing_board(default_timing_board, unknown), Error);
  EXPECT_THROW(timing_board(default_timing_board, impossible), Error);
}

TEST(K210Board, EveryParameterHasASource) {
  for (const auto& each : timing_board(default_timing_board).sources) {
    EXPECT_FALSE(each.from.empty()) << each.key;
    EXPECT_FALSE(each.note.empty()) << each.key;
  }
}

}  // namespace
}  // namespace vnpu::k210
