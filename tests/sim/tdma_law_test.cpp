// Each mode of the TDMA on tensors small enough to write the result down by hand; the chip is a CV180x of two lanes.
#include <gtest/gtest.h>

#include <algorithm>
#include <initializer_list>
#include <vector>

#include "base/error.h"
#include "sim/cv18xx/execute.h"
#include "sim/cv18xx/law_tdma.h"
#include "sim/cv18xx/vlc.h"

namespace vnpu::cv18xx {
namespace {

constexpr std::uint32_t lane = lane_bytes;
using Values = std::vector<int>;

struct Place {
  std::uint32_t address;
  std::uint32_t n_stride, c_stride, h_stride;
};

// Runs with the law and with the fast path; both must agree with what the test expects.
class Tdma : public testing::TestWithParam<SimdLevel> {
 protected:
  void SetUp() override {
    if (GetParam() > best_simd_level()) GTEST_SKIP() << "this CPU does not have " << name(GetParam());
  }
  void run() { execute(command, memory, {Quirks{}, GetParam()}); }

  void shape(std::uint32_t n, std::uint32_t c, std::uint32_t h, std::uint32_t w) {
    command.src_n = n;
    command.src_c = command.dst_c = c;
    command.src_h = command.dst_h = h;
    command.src_w = command.dst_w = w;
  }
  void from(const Place& place) {
    command.src_base_addr_low = place.address;
    command.src_n_stride = place.n_stride;
    command.src_c_stride_low = place.c_stride;
    command.src_h_stride = place.h_stride;
  }
  void to(const Place& place) {
    command.dst_base_addr_low = place.address;
    command.dst_n_stride = place.n_stride;
    command.dst_c_stride_low = place.c_stride;
    command.dst_h_stride = place.h_stride;
  }
  void formats(std::uint32_t source, std::uint32_t destination) {
    command.src_fmt = source;
    command.dst_fmt = destination;
  }
  void count_up(std::span<std::uint8_t> bytes, int first = 1) {
    for (auto& byte : bytes) byte = static_cast<std::uint8_t>(first++);
  }
  Values local(std::uint32_t address, std::size_t count) {
    const auto range = memory.local_range(address, count);
    return {range.begin(), range.end()};
  }
  Values global(std::uint32_t address, std::size_t count) {
    const auto range = memory.global_range(address, count);
    return {range.begin(), range.end()};
  }
  void put(std::span<std::uint8_t> memory_bytes, std::uint32_t address, std::initializer_list<int> values) {
    for (const int value : values) memory_bytes[address++] = static_cast<std::uint8_t>(value);
  }
  void expect_refused(ErrorKind kind, const std::string& word) {
    try {
      run();
      ADD_FAILURE() << "not refused: " << word;
    } catch (const Error& error) {
      EXPECT_EQ(error.kind(), kind) << error.what();
      EXPECT_NE(std::string(error.what()).find(word), std::string::npos) << error.what();
    }
  }

  Memory memory{*find_chip("cv180x"), 0x1000};
  TdmaCommand command;
};

TEST_P(Tdma, ChannelsGoRoundTheLanes) {
  count_up(memory.global());
  memory.base[3] = 4;
  command.trans_dir = g2l;
  command.src_base_reg_sel = 3;
  shape(1, 3, 1, 2);
  from({2, 6, 2, 2});
  to({lane + 32, 64, 16, 2});  // starts in lane 1
  run();
  // Global bytes 6.. hold 7, 8, ...: channel 0 in lane 1, channel 1 in lane 0 one round on, channel 2 in lane 1 too.
  EXPECT_EQ(local(lane + 32, 2), (Values{7, 8}));
  EXPECT_EQ(local(32 + 16, 2), (Values{9, 10}));
  EXPECT_EQ(local(lane + 32 + 16, 2), (Values{11, 12}));
}

TEST_P(Tdma, CopyMayReshape) {
  count_up(memory.local().first(64));
  command.trans_dir = l2g;
  command.src_n = 1;
  command.src_c = 1;
  command.src_h = 2;
  command.src_w = 3;
  command.dst_c = 3;
  command.dst_h = 1;
  command.dst_w = 2;
  from({0, 64, 64, 8});  // rows 1 2 3 and 9 10 11
  to({16, 100, 10, 2});
  run();
  EXPECT_EQ(global(16, 2), (Values{1, 2}));
  EXPECT_EQ(global(26, 2), (Values{3, 9}));
  EXPECT_EQ(global(36, 2), (Values{10, 11}));
}

TEST_P(Tdma, LoadWidens) {
  put(memory.global(), 0, {0x01, 0x80, 0xFF});
  command.trans_dir = g2l;
  formats(1, 2);
  shape(1, 1, 1, 3);
  from({0, 3, 3, 3});
  to({0, 16, 16, 6});
  command.int8_sign = 1;
  run();
  EXPECT_EQ(local(0, 6), (Values{0x80, 0x3F, 0x00, 0xC3, 0x80, 0xBF}));  // 1, -128, -1
  command.int8_sign = 0;
  run();
  EXPECT_EQ(local(0, 6), (Values{0x80, 0x3F, 0x00, 0x43, 0x7F, 0x43}));  // 1, 128, 255
}

TEST_P(Tdma, StoreNarrows) {
  put(memory.local(), 0, {0x20, 0x40, 0x60, 0xC0, 0x00, 0x44});  // 2.5, -3.5, 512
  command.trans_dir = l2g;
  formats(2, 1);
  shape(1, 1, 1, 3);
  from({0, 16, 16, 6});
  to({0, 3, 3, 3});
  command.int8_sign = 1;
  run();
  EXPECT_EQ(global(0, 3), (Values{2, 0xFC, 127}));
  command.int8_rnd_mode = 1;
  run();
  EXPECT_EQ(global(0, 3), (Values{2, 0xFD, 127}));
  command.int8_sign = 0;
  run();
  EXPECT_EQ(global(0, 3), (Values{2, 0, 255}));
}

TEST_P(Tdma, OverlappingCopyGoesElementByElement) {
  count_up(memory.local().first(16));
  command.trans_dir = l2l;
  shape(1, 1, 1, 6);
  from({0, 16, 16, 6});
  to({2, 16, 16, 6});
  run();
  EXPECT_EQ(local(0, 8), (Values{1, 2, 1, 2, 1, 2, 1, 2}));
}

TEST_P(Tdma, OverlappingGeneralCopyReadsFirst) {
  count_up(memory.global().first(16));
  command.trans_dir = g2g;
  command.trans_fmt = 1;
  command.src_n_stride = 6;
  command.dst_base_addr_low = 2;
  run();
  EXPECT_EQ(global(0, 8), (Values{1, 2, 1, 2, 3, 4, 5, 6}));
}

TEST_P(Tdma, GeneralCopyRunsOnAcrossLanes) {
  count_up(memory.global());
  command.trans_dir = g2l;
  command.trans_fmt = 1;
  command.src_n_stride = 4;
  command.dst_base_addr_low = lane - 2;
  run();
  EXPECT_EQ(local(lane - 2, 4), (Values{1, 2, 3, 4}));
}

TEST_P(Tdma, FillsWithTheConstant) {
  command.trans_dir = g2l;
  command.spec_func = spec_fill;
  command.const_val = 0x1234;
  formats(2, 2);
  shape(1, 2, 1, 2);
  to({0, 16, 16, 4});
  run();
  EXPECT_EQ(local(0, 6), (Values{0x34, 0x12, 0x34, 0x12, 0, 0}));
  EXPECT_EQ(local(lane, 4), (Values{0x34, 0x12, 0x34, 0x12}));
  command.trans_dir = l2g;
  formats(1, 1);
  to({8, 16, 2, 2});
  run();
  EXPECT_EQ(global(7, 6), (Values{0, 0x34, 0x34, 0x34, 0x34, 0}));
}

TEST_P(Tdma, MatrixColumnsBecomeChannels) {
  count_up(memory.global());
  command.trans_dir = g2l;
  command.sys_dtype = 1;
  command.src_n = command.src_c = 2;
  command.src_w = 5;
  command.src_c_stride_low = 6;  // a gap of one
  command.dst_c = 3;
  command.dst_h = 1;
  command.dst_w = 2;
  to({0, 32, 16, 2});
  run();
  EXPECT_EQ(local(0, 2), (Values{1, 2}));
  EXPECT_EQ(local(lane, 2), (Values{3, 4}));
  EXPECT_EQ(local(16, 2), (Values{5, 0}));  // the last channel is part full
  EXPECT_EQ(local(32, 2), (Values{7, 8}));
  EXPECT_EQ(local(lane + 32, 2), (Values{9, 10}));
  EXPECT_EQ(local(48, 2), (Values{11, 0}));

  // And back, without the gap.
  TdmaCommand back;
  back.trans_dir = l2g;
  back.sys_dtype = 1;
  back.src_n = back.dst_c = 2;
  back.src_c = 3;
  back.src_h = 1;
  back.src_w = 2;
  back.src_n_stride = 32;
  back.src_c_stride_low = 16;
  back.src_h_stride = 2;
  back.dst_w = 5;
  back.dst_c_stride_low = 5;
  back.dst_base_addr_low = 0x100;
  command = back;
  run();
  EXPECT_EQ(global(0x100, 10), (Values{1, 2, 3, 4, 5, 7, 8, 9, 10, 11}));
}

TEST_P(Tdma, MatrixTransposed) {
  count_up(memory.global());
  command.trans_dir = g2l;
  command.sys_dtype = 1;
  command.spec_func = spec_transpose;
  command.src_n = command.src_c = 3;  // 1 2 / 3 4 / 5 6
  command.src_w = 2;
  command.src_c_stride_low = 2;
  command.dst_c = 2;
  command.dst_h = 1;
  command.dst_w = 2;
  to({0, 32, 16, 2});
  run();
  EXPECT_EQ(local(0, 2), (Values{1, 3}));
  EXPECT_EQ(local(lane, 2), (Values{5, 0}));
  EXPECT_EQ(local(32, 2), (Values{2, 4}));
  EXPECT_EQ(local(lane + 32, 2), (Values{6, 0}));
}

TEST_P(Tdma, NAndCChangePlaces) {
  count_up(memory.global());
  command.trans_dir = g2l;
  command.spec_func = spec_transpose;
  command.src_n = 2;
  command.src_c = 3;
  command.src_h = 1;
  command.src_w = 2;
  from({0, 6, 2, 2});
  command.dst_c = 2;
  command.dst_h = 1;
  command.dst_w = 2;
  to({0, 16, 16, 2});
  run();
  EXPECT_EQ(local(0, 2), (Values{1, 2}));     // n 0, c 0 of the destination
  EXPECT_EQ(local(lane, 2), (Values{7, 8}));  // n 0, c 1 = source n 1, c 0
  EXPECT_EQ(local(16, 2), (Values{3, 4}));    // n 1, c 0 = source n 0, c 1
  EXPECT_EQ(local(lane + 32, 2), (Values{11, 12}));
}

TEST_P(Tdma, CAndWChangePlaces) {
  put(memory.local(), 0, {1, 2, 3});
  put(memory.local(), lane, {4, 5, 6});
  command.trans_dir = l2g;
  command.spec_func = spec_transpose;
  command.transpose_md = 3;
  command.src_n = 1;
  command.src_c = 2;
  command.src_h = 1;
  command.src_w = 3;
  from({0, 16, 16, 3});
  command.dst_c = 3;
  command.dst_h = 1;
  command.dst_w = 2;
  to({0, 6, 2, 2});
  run();
  EXPECT_EQ(global(0, 6), (Values{1, 4, 2, 5, 3, 6}));
}

TEST_P(Tdma, PixelsBecomePlanes) {
  count_up(memory.global());
  command.trans_dir = g2l;
  command.spec_func = spec_transpose;
  command.transpose_md = 1;
  shape(1, 3, 2, 2);
  from({0, 12, 1, 6});
  to({0, 32, 16, 2});
  run();
  EXPECT_EQ(local(0, 4), (Values{1, 4, 7, 10}));
  EXPECT_EQ(local(lane, 4), (Values{2, 5, 8, 11}));
  EXPECT_EQ(local(16, 4), (Values{3, 6, 9, 12}));
  command.transpose_md = 2;
  command.src_c = command.dst_c = 4;
  from({0, 16, 1, 8});
  run();
  EXPECT_EQ(local(lane + 16, 4), (Values{4, 8, 12, 16}));
}

TEST_P(Tdma, LookupHelpers) {
  put(memory.local(), 0, {0x80, 0x3F, 0x00, 0xC1, 0x00, 0x80});  // 1, -8, -0
  command.trans_dir = l2l;
  formats(2, 2);
  shape(1, 1, 1, 3);
  from({0, 16, 16, 6});
  to({32, 16, 16, 6});
  command.mv_lut_idx = 1;
  run();
  EXPECT_EQ(local(32, 6), (Values{63, 63, 66 + 128, 66 + 128, 0, 0}));
  command.mv_lut_idx = 0;
  command.mv_lut_base = 1;
  memory.local()[0] = 0xC0;  // 1.5
  run();
  EXPECT_EQ(local(32, 6), (Values{0x80, 0x3F, 0x00, 0xC1, 0x00, 0x80}));
  command.mv_lut_base = 0;
  command.mv_lut_idx = 1;
  put(memory.local(), 0, {0xC0, 0x7F});  // NaN
  expect_refused(ErrorKind::fault, "NaN");
}

TEST_P(Tdma, CompressesAndBack) {
  for (std::uint32_t i = 0; i < 20; ++i) {
    memory.local()[i] = static_cast<std::uint8_t>(i % 5 - 2);
    memory.local()[lane + i] = static_cast<std::uint8_t>(i * 37);
  }
  command.trans_dir = l2g;
  command.compress_en = 1;
  command.cmprs_fmt = 1;
  shape(1, 2, 4, 5);
  from({0, 32, 32, 5});
  to({0x100, 40, 20, 5});
  run();
  EXPECT_EQ(memory.global()[0x103], 0x10);  // signed
  Bytes plain(40);
  vlc_decode(std::span<const std::uint8_t>(memory.global()).subspan(0x100), plain);
  EXPECT_TRUE(std::equal(plain.begin(), plain.begin() + 20, memory.local().begin()));
  EXPECT_TRUE(std::equal(plain.begin() + 20, plain.end(), memory.local().begin() + lane));

  command = TdmaCommand{};
  command.trans_dir = g2l;
  command.compress_en = 1;
  shape(1, 2, 4, 5);
  from({0x100, 40, 20, 5});
  to({0x400, 32, 32, 5});
  run();
  EXPECT_EQ(local(0x400, 20), local(0, 20));
  EXPECT_EQ(local(lane + 0x400, 20), local(lane, 20));
}

TEST_P(Tdma, DamagedStreamsAreFaults) {
  command.trans_dir = g2l;
  command.compress_en = 1;
  shape(1, 1, 1, 64);
  from({0xFF8, 64, 64, 64});
  to({0, 64, 64, 64});
  expect_refused(ErrorKind::fault, "VLC header");  // eight bytes before the end
  from({0x100, 64, 64, 64});
  put(memory.global(), 0x100, {0xFF, 0xFF, 0xFF});  // 16 MiB of data
  expect_refused(ErrorKind::fault, "VLC data");
  put(memory.global(), 0x100, {16, 0, 0, 0});  // all unary bits are zero
  expect_refused(ErrorKind::fault, "VLC data");
  put(memory.global(), 0x100, {16, 0, 0, 0x20});
  expect_refused(ErrorKind::unsupported, "src_fmt");
}

TEST_P(Tdma, AddressesOutsideAreFaultsThatNameTheSide) {
  command.trans_dir = g2l;
  shape(1, 1, 1, 16);
  from({0xFF1, 16, 16, 16});
  to({0, 16, 16, 16});
  expect_refused(ErrorKind::fault, "tdma.g2l.copy: source reaches from byte 4081 to 4097 of the global memory");
  from({0, 16, 16, 16});
  to({lane - 8, 16, 16, 16});
  expect_refused(ErrorKind::fault, "destination reaches from byte 32760 to 32776 of the local memory of a lane");
  to({2 * lane, 16, 16, 16});
  expect_refused(ErrorKind::fault, "destination address 65536 is outside the local memory");
  to({0, 16, 16, 16});
  memory.base[0] = ~std::uint64_t{0};
  expect_refused(ErrorKind::fault, "source address");
}

TEST_P(Tdma, HugeShapesAreRefusedWithoutWork) {
  command.trans_dir = l2l;
  shape(0xFFFF, 0xFFFF, 0xFFFF, 0xFFFF);
  from({0, 0, 0, 0});
  to({0, 0, 0, 0});
  expect_refused(ErrorKind::fault, "tdma.l2l.copy");
  command.src_w = command.dst_w = 1;  // within the memory, again and again
  expect_refused(ErrorKind::fault, "dst strides");
}

TEST_P(Tdma, IllegalFieldsAreNamed) {
  const auto base = [&] {
    command = TdmaCommand{};
    command.trans_dir = g2l;
    shape(1, 1, 1, 4);
    from({0, 4, 4, 4});
    to({0, 16, 16, 4});
  };
  base();
  command.src_fmt = 3;
  expect_refused(ErrorKind::fault, "src_fmt");
  base();
  command.src_fmt = 2;
  expect_refused(ErrorKind::fault, "src_fmt");  // bf16 to int8 on load
  base();
  command.src_w = 5;
  expect_refused(ErrorKind::fault, "dst shape");
  base();
  command.src_h = 0;
  expect_refused(ErrorKind::fault, "src_h");
  base();
  command.spec_func = 2;
  expect_refused(ErrorKind::fault, "spec_func");
  base();
  command.sys_dtype = 1;
  command.src_n = 2;
  expect_refused(ErrorKind::fault, "src_c");
  base();
  command.spec_func = spec_transpose;
  command.transpose_md = 3;
  expect_refused(ErrorKind::fault, "trans_dir");
  base();
  command.spec_func = spec_transpose;
  command.transpose_md = 1;
  expect_refused(ErrorKind::fault, "src_c");
  base();
  command.trans_dir = g2g;
  command.dst_fmt = 2;
  expect_refused(ErrorKind::unsupported, "dst_fmt");
  base();
  command.trans_dir = l2g;
  command.compress_en = 1;
  to({0, 4, 4, 4});
  command.compress_bias0 = 3;
  expect_refused(ErrorKind::fault, "compress_bias0");
}

INSTANTIATE_TEST_SUITE_P(Levels, Tdma, testing::Values(SimdLevel::scalar, SimdLevel::avx2, SimdLevel::avx512),
                         [](const auto& info) { return std::string(name(info.param)); });

}  // namespace
}  // namespace vnpu::cv18xx
