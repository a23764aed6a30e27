// The SIMD sums against the sum as it is said, over random windows; streams at the edges of their memories.
#include <gtest/gtest.h>

#include <random>

#include "base/error.h"
#include "sim/ax620/arithmetic.h"
#include "sim/ax620/kernels/conv_dot.h"
#include "sim/ax620/stream.h"

namespace vnpu::ax620 {
namespace {

TEST(AxConvDot, EveryLevelGivesTheSum) {
  std::mt19937 random(7);
  const auto pick = [&](int low, int high) {
    return static_cast<std::size_t>(std::uniform_int_distribution(low, high)(random));
  };
  const SimdLevel best = best_simd_level();
  if (best == SimdLevel::scalar) GTEST_SKIP() << "this CPU has no AVX2";
  for (int round = 0; round < 300; ++round) {
    const std::size_t channels = pick(1, 70), rows = pick(0, 1) ? 3 : 1, row_bytes = pick(1, 130);
    Windows windows;
    windows.height = pick(1, 4);
    windows.width = pick(1, 21);
    windows.line_step = pick(1, 3);
    windows.pixel_step = pick(1, 40);
    windows.row_stride = (windows.width - 1) * windows.pixel_step + row_bytes + pick(0, 9);
    std::vector<std::uint8_t> input(((windows.height - 1) * windows.line_step + rows) * windows.row_stride + 4);
    std::vector<std::int8_t> weights(channels * rows * row_bytes);
    const bool extreme = round % 5 == 0;
    for (auto& byte : input) byte = extreme ? 255 : static_cast<std::uint8_t>(random());
    for (auto& weight : weights) weight = extreme ? -128 : static_cast<std::int8_t>(random());
    windows.input = input.data();
    const auto filter = pack_filter(weights, channels, rows, row_bytes);
    for (const SimdLevel level : {SimdLevel::avx2, SimdLevel::avx512}) {
      if (level > best) continue;
      std::vector<std::int32_t> sums(windows.height * windows.width * filter.blocks * 16, -1);
      (level == SimdLevel::avx512 ? dot_avx512 : dot_avx2)(windows, filter, sums.data());
      for (std::size_t y = 0; y < windows.height; ++y) {
        for (std::size_t x = 0; x < windows.width; ++x) {
          for (std::size_t c = 0; c < filter.blocks * 16; ++c) {
            std::int32_t wanted = 0;
            for (std::size_t r = 0; r < rows && c < channels; ++r) {
              for (std::size_t i = 0; i < row_bytes; ++i) {
                wanted += input[(y * windows.line_step + r) * windows.row_stride + x * windows.pixel_step + i] *
                          weights[(c * rows + r) * row_bytes + i];
              }
            }
            ASSERT_EQ(sums[(y * windows.width + x) * filter.blocks * 16 + c], wanted)
                << name(level) << " round " << round << " at " << y << "," << x << " channel " << c;
          }
        }
      }
    }
  }
}

TEST(AxArithmetic, RoundsAndSaturates) {
  const Quirks nearest;
  EXPECT_EQ(round_to<std::uint8_t>(0.5F, nearest), 0);
  EXPECT_EQ(round_to<std::uint8_t>(1.5F, nearest), 2);
  EXPECT_EQ(round_to<std::uint8_t>(254.5F, nearest), 254);
  EXPECT_EQ(round_to<std::uint8_t>(255.5F, nearest), 255);
  EXPECT_EQ(round_to<std::uint8_t>(-3.0F, nearest), 0);
  EXPECT_EQ(round_to<std::int16_t>(-32768.7, nearest), -32768);
  EXPECT_EQ(round_to<std::uint16_t>(std::numeric_limits<float>::infinity(), nearest), 65535);
  EXPECT_EQ(round_to<std::uint16_t>(std::numeric_limits<float>::quiet_NaN(), nearest), 0);
  EXPECT_EQ(round_to<std::uint8_t>(0.5F, parse_quirks("round_half_up")), 1);
  EXPECT_EQ(round_to<std::uint8_t>(1.9F, parse_quirks("round_truncate")), 1);
  EXPECT_THROW(parse_quirks("round_half_up,round_truncate"), Error);
  EXPECT_THROW(parse_quirks("no_such_rule"), Error);
}

pb::Detail stream(std::vector<std::uint64_t> pieces, std::vector<int> sizes, int bytes,
                  std::vector<std::pair<int, int>> loops) {
  pb::Detail out;
  for (const auto piece : pieces) out.add_addr(piece);
  for (const int size : sizes) out.add_addrsize(size);
  out.set_subsize(bytes);
  for (const auto& [times, step] : loops) {
    out.add_times(times);
    out.add_step(step);
  }
  return out;
}

TEST(AxStream, FirstLoopIsInnermostAndPiecesAreJoined) {
  Bytes memory(64);
  for (std::size_t i = 0; i < memory.size(); ++i) memory[i] = static_cast<std::uint8_t>(i);
  Bytes out;
  gather(memory, stream({0}, {64}, 1, {{3, 2}, {2, 10}}), out);
  EXPECT_EQ(out, (Bytes{0, 2, 4, 10, 12, 14}));
  out.clear();
  gather(memory, stream({60, 8}, {4, 8}, 4, {{2, 2}}), out);  // a ring: 60..63, then 8..
  EXPECT_EQ(out, (Bytes{60, 61, 62, 63, 62, 63, 8, 9}));
  scatter(memory, stream({60, 8}, {4, 8}, 6, {}), Bytes{1, 2, 3, 4, 5, 6});
  EXPECT_EQ(memory[63], 4);
  EXPECT_EQ(memory[9], 6);
}

TEST(AxStream, NothingLeavesItsMemory) {
  Bytes memory(64), out;
  EXPECT_THROW(gather(memory, stream({60}, {64}, 8, {}), out), Error);
  EXPECT_THROW(gather(memory, stream({~std::uint64_t{0}}, {64}, 8, {}), out), Error);
  EXPECT_THROW(gather(memory, stream({0}, {64}, 4, {{4, -4}}), out), Error);
  EXPECT_THROW(gather(memory, stream({0}, {64}, 1 << 30, {{1 << 30, 1}}), out), Error);
  EXPECT_THROW(gather(memory, stream({0, 8}, {8}, 4, {}), out), Error);
  EXPECT_THROW(scatter(memory, stream({0}, {64}, 8, {}), Bytes(4)), Error);
  pb::Detail packed = stream({0}, {64}, 8, {});
  packed.mutable_fbc();
  EXPECT_THROW(gather(memory, packed, out), Error);
}

}  // namespace
}  // namespace vnpu::ax620
