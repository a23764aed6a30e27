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

INSTANTIATE_TEST_SUITE_P(All, Levels, testing::Values(SimdLevel::avx2, SimdLevel::avx512),
                         [](const auto& info) { return std::string(name(info.param)); });

}  // namespace
}  // namespace vnpu::bm1684x::test
