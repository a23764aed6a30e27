// Every SIMD level gives the bytes of the scalar law.
#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <random>

#include "tests/sim/bm1684x/random_command.h"

namespace vnpu::bm1684x::test {
namespace {

std::vector<std::uint8_t> random_bytes(std::mt19937& generator) {
  std::vector<std::uint8_t> bytes(400);
  for (auto& byte : bytes) byte = static_cast<std::uint8_t>(generator());
  return bytes;
}

class Levels : public testing::TestWithParam<SimdLevel> {};

TEST_P(Levels, RandomTiuCommandsEqualTheLaw) {
  if (GetParam() > best_simd_level()) GTEST_SKIP() << "this CPU lacks the level";
  LevelPair pair;
  std::mt19937 generator(1684);
  std::map<std::uint32_t, int> executed;
  for (int i = 0; i < 1500; ++i) {
    const auto bytes = random_bytes(generator);
    ByteSource source(bytes);
    const TiuCommand command = make_tiu(source);
    ASSERT_EQ(pair.run(command, GetParam()), "") << "command " << i << " " << mnemonic(command);
    executed[command.tsk_typ] += !pair.last_was_refused();
  }
  for (const std::uint32_t type :
       {tsk_conv, tsk_pord, tsk_mm, tsk_ar, tsk_rqdq, tsk_trans_bc, tsk_sg, tsk_sfu, tsk_lin, tsk_cmp, tsk_vc}) {
    EXPECT_GT(executed[type], 4) << "type " << type;
  }
}

TEST_P(Levels, RandomGdmaCommandsEqualTheLaw) {
  if (GetParam() > best_simd_level()) GTEST_SKIP() << "this CPU lacks the level";
  LevelPair pair;
  std::mt19937 generator(1685);
  int executed = 0;
  for (int i = 0; i < 800; ++i) {
    const auto bytes = random_bytes(generator);
    ByteSource source(bytes);
    const GdmaCommand command = make_gdma(source);
    ASSERT_EQ(pair.run(command, GetParam()), "") << "command " << i << " " << mnemonic(command);
    executed += !pair.last_was_refused();
  }
  EXPECT_GT(executed, 100);
}

// The forms that have ways of their own, of sizes at which these are taken.
TEST_P(Levels, ShortWaysEqualTheLaw) {
  if (GetParam() > best_simd_level()) GTEST_SKIP() << "this CPU lacks the level";
  LevelPair pair;
  std::mt19937 g(1686);
  const auto below = [&](std::uint32_t limit) { return static_cast<std::uint32_t>(g() % limit); };
  std::map<std::string, int> executed;
  for (int i = 0; i < 600; ++i) {
    TiuCommand c;
    c.tsk_lane_num_l32 = c.tsk_lane_num_h32 = ~0u;
    c.res0_n = 1 + below(2);
    c.res0_c = 1 + below(70);
    c.res0_h = 1 + below(6);
    c.res0_w = 1 + below(100);
    c.opd0_addr = 0x4000 + 64 * below(3);
    c.opd1_addr = 0x14000;
    c.opd2_addr = 0x1c000;
    c.res0_addr = below(3) ? 0x8000 : c.opd0_addr;
    c.opd0_sign = c.opd1_sign = c.opd2_sign = 1;
    c.tsk_opd_num = 2;
    c.tsk_typ = tsk_ar;
    const char* what = "";
    switch (i % 5) {
      case 0:
        what = "strided copy";
        c.tsk_eu_typ = 19;
        c.tsk_opd_num = 1;
        c.opd0_prec = c.res0_prec = below(2) ? i8 : below(2) ? i16 : i32;
        c.opd0_str = 3;
        c.opd0_n_str = below(64), c.opd0_c_str = below(640), c.opd0_h_str = below(8), c.opd0_w_str = 2 + below(90);
        c.res0_addr = 0x14000;
        break;
      case 1:
        what = "saturating addition of words";
        c.tsk_eu_typ = 15;
        c.opd0_prec = c.opd1_prec = c.res0_prec = i32;
        c.opd1_addr = below(2) ? c.res0_addr : 0x14000;
        if (const auto repeated = below(3); repeated == 1) {
          c.opd0_str = 3, c.opd0_c_str = 1, c.opd0_addr = 0x10000;
        } else if (repeated == 2) {
          c.opd1_str = 3, c.opd1_c_str = 1, c.opd1_addr = 0x10000;
        }
        break;
      case 2:
        what = "requantisation of words";
        c.tsk_typ = tsk_rqdq;
        c.tsk_eu_typ = 1;
        c.opd0_prec = i32;
        c.res0_prec = i8;
        c.res0_addr = 0x14000;
        c.opd2_n_str = below(7);
        c.opd2_sign = below(2);
        c.opd1_const = 1;
        c.opd1_addr = g();
        c.opd2_addr = ((g() & 0xFF) << 16) | ((256 - below(64)) & 0xFF);
        break;
      case 3:
        what = "rounding to integers";
        c.tsk_eu_typ = 14;
        c.tsk_opd_num = 1;
        c.opd0_prec = f32;
        c.res0_prec = below(2) ? i32 : below(2) ? i16 : i8;
        c.opd2_n_str = below(2);
        c.opd2_sign = below(2);
        if (c.res0_prec != i32) c.res0_addr = 0x14000;
        break;
      default:
        what = "convolution of packs";
        c.tsk_typ = tsk_conv;
        c.opd0_prec = i8;
        c.res0_prec = i32;
        c.opd0_sign = below(2), c.opd1_sign = below(2);
        c.opd0_c = 64 * (1 + below(3)) + (below(2) ? 0 : below(64));
        c.opd1_h = 1 + below(3), c.opd1_w = 1 + below(3);
        c.kernel_rotate = below(2);
        c.res_op_x_str = c.res_op_y_str = 1;
        c.res0_w = 1 + below(9);
        c.res0_c = 1 + below(20);
        c.opd0_h = c.res0_h + c.opd1_h - 1, c.opd0_w = c.res0_w + c.opd1_w - 1;
        c.opd2_const = c.opd3_const = 1;
        c.opd2_addr = below(2) ? 0 : g() & 0xFF;
        c.res0_addr = 0x1c000;
    }
    ASSERT_EQ(pair.run(c, GetParam()), "") << "command " << i << " " << what;
    executed[what] += !pair.last_was_refused();
  }
  for (const auto& [what, count] : executed) EXPECT_GT(count, 60) << what;
}

INSTANTIATE_TEST_SUITE_P(All, Levels, testing::Values(SimdLevel::avx2, SimdLevel::avx512),
                         [](const auto& info) { return std::string(name(info.param)); });

}  // namespace
}  // namespace vnpu::bm1684x::test
