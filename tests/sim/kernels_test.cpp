// Every SIMD level against the scalar law: random commands over the whole local memory, and recorded commands.
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <cstring>
#include <map>

#include "base/error.h"
#include "sim/cv18xx/execute.h"
#include "sim/cv18xx/kernels/kernels.h"
#include "sim/cv18xx/law.h"
#include "sim/cv18xx/tensor_view.h"
#include "tests/sim/random_tiu.h"
#include "tests/sim/recorded_files.h"

namespace vnpu::cv18xx {
namespace {

std::vector<SimdLevel> levels() {
  switch (best_simd_level()) {
    case SimdLevel::avx512: return {SimdLevel::avx512, SimdLevel::avx2};
    case SimdLevel::avx2: return {SimdLevel::avx2};
    case SimdLevel::scalar: break;
  }
  return {};
}

// Multipliers near 2^31 and shifts of 0 to 13, where the bytes of a fill would give mostly saturated results.
void make_plausible_qdm(const RandomTiu& r, Memory& memory, RandomTiuGenerator& random) {
  const TensorView view = opd2_view(r.command, memory.lanes(), {});
  const std::uint32_t step = r.command.tsk_opd_num == 3 ? 9 : 5;
  for (std::uint32_t c = 0; c < r.command.res0_c; ++c) {
    const std::uint32_t at = view.start_lane + c;
    std::uint64_t address = at % memory.lanes() * lane_bytes + view.offset + at / memory.lanes() * step;
    if (address + step > memory.local().size()) return;
    std::uint8_t* p = memory.local().data() + address;
    if (step == 9) {
      const std::int32_t bias = static_cast<std::int32_t>(random.below(40000)) - 20000;
      std::memcpy(p, &bias, 4);
      p += 4;
    }
    const std::uint32_t multiplier = (1u << 30) + random.below(1u << 30);
    std::memcpy(p, &multiplier, 4);
    p[4] = static_cast<std::uint8_t>(random.below(14));
  }
}

// VNPU_SOAK=N: other and N times as many commands.
int soak() {
  const char* text = std::getenv("VNPU_SOAK");
  return text ? std::max(1, std::atoi(text)) : 1;
}

struct Outcome {
  std::string error;
  bool covered = true;
};

template <class F>
Outcome attempt(F&& f) {
  try {
    return {"", f()};
  } catch (const Error& e) {
    return {e.what(), true};
  }
}

struct Tally {
  int legal = 0, refused = 0;
  std::map<SimdLevel, int> covered;
};

// One command through the law and all levels, from the same memory; true when the law accepts it.
bool compare_one(const TiuCommand& command, const Memory& start, Memory& expected, Memory& got, const Quirks& quirks,
                 const std::string& what, Tally& tally) {
  std::ranges::copy(start.local(), expected.local().begin());
  const Outcome law = attempt([&] { return execute_tiu_law(command, expected, quirks), true; });
  ++(law.error.empty() ? tally.legal : tally.refused);
  for (const SimdLevel level : levels()) {
    std::ranges::copy(start.local(), got.local().begin());
    const Outcome kernel = attempt([&] { return execute_tiu_kernel(command, got, quirks, level); });
    const std::string where = what + ", " + name(level);
    if (!kernel.covered || !kernel.error.empty()) {
      EXPECT_TRUE(std::ranges::equal(start.local(), got.local())) << where << ": changed memory before it gave up";
      if (kernel.covered) {
        EXPECT_EQ(kernel.error, law.error) << where;
      }
      continue;
    }
    EXPECT_EQ(law.error, "") << where << ": the law refuses it";
    if (!law.error.empty()) continue;
    ++tally.covered[level];
    const auto [e, g] = std::ranges::mismatch(expected.local(), got.local());
    if (e != expected.local().end()) {
      ADD_FAILURE() << where << ": address " << e - expected.local().begin() << " is " << int{*g} << ", law says "
                    << int{*e};
    }
  }
  return law.error.empty();
}

// Runs `count` commands of a kind through the law and all levels.
Tally compare(const std::string& kind, const Chip& chip, std::uint64_t seed, int count, const Quirks& quirks) {
  RandomTiuGenerator random(seed, chip.lanes);
  Tally tally;
  Memory start(chip, 0), expected(chip, 0), got(chip, 0);
  for (int i = 0; i < count && !testing::Test::HasFailure(); ++i) {
    const RandomTiu r = random.make(kind);
    fill(start.local(), r.fill_mode, seed * 1000003 + i);
    if (r.plausible_qdm) make_plausible_qdm(r, start, random);
    compare_one(
        r.command, start, expected, got, quirks,
        kind + " on " + std::string(chip.name) + ", seed " + std::to_string(seed) + ", command " + std::to_string(i),
        tally);
  }
  return tally;
}

// What the law would have to multiply: the test leaves out what takes it long.
double work_of(const TiuCommand& c) {
  return 1.0 * c.res0_n * c.res0_c * c.res0_h * c.res0_w *
         (c.tsk_typ == tsk_conv     ? 1.0 * c.opd1_h * c.opd1_w * c.opd0_c
          : c.tsk_typ == tsk_pool   ? 1.0 * c.opd1_h * c.opd1_w
          : c.tsk_typ == tsk_matmul ? 1.0 * c.opd1_n
                                    : 1.0);
}

// Kinds the kernels mean to cover, with the least share of legal commands in percent.
int least_coverage(const std::string& kind) {
  // bf16: raw patterns hold Inf and NaN, and not every insert value is a bf16 number.
  static const std::map<std::string, int> table = {{"conv_int8_ps", 0},  {"add_int8", 0},        {"ge_bf16", 0},
                                                   {"matmul_int8", 40},  {"conv_bf16", 35},      {"conv_bf16_ps", 35},
                                                   {"matmul_bf16", 50},  {"matmul_bf16_ps", 50}, {"depthwise_bf16", 35},
                                                   {"avgpool_bf16", 35}, {"maxpool_bf16", 50},   {"minpool_bf16", 50}};
  const auto found = table.find(kind);
  return found == table.end() ? 60 : found->second;
}

class Kernels : public testing::TestWithParam<std::string> {};

TEST_P(Kernels, EqualTheLaw) {
  if (levels().empty()) GTEST_SKIP() << "this CPU has no AVX2";
  for (const Chip& chip : chips()) {
    const Tally tally = compare(GetParam(), chip, soak() + chip.lanes, 150 * soak(), {});
    EXPECT_GT(tally.legal, tally.refused) << "the generator makes too many commands the law refuses";
    for (const SimdLevel level : levels()) {
      const int covered = tally.covered.contains(level) ? tally.covered.at(level) : 0;
      EXPECT_GE(100 * covered, least_coverage(GetParam()) * tally.legal)
          << name(level) << " on " << chip.name << ": " << covered << " of " << tally.legal;
    }
  }
}

TEST_P(Kernels, EqualTheLawWithoutQuirks) {
  if (levels().empty()) GTEST_SKIP() << "this CPU has no AVX2";
  const Tally tally = compare(GetParam(), chips()[0], 76 + soak(), 40 * soak(), parse_quirks("none"));
  EXPECT_GT(tally.legal, 0);
}

// Fields set at random: what the generator would never ask for.
TEST_P(Kernels, EqualTheLawOnChangedFields) {
  if (levels().empty()) GTEST_SKIP() << "this CPU has no AVX2";
  for (const Chip& chip : chips()) {
    RandomTiuGenerator random(999 + soak() + chip.lanes, chip.lanes);
    Tally tally;
    Memory start(chip, 0), expected(chip, 0), got(chip, 0);
    for (int i = 0; i < 250 * soak() && !HasFailure(); ++i) {
      const RandomTiu r = random.make(GetParam());
      auto words = encode(r.command);
      const std::uint32_t changes = 1 + random.below(3);
      for (std::uint32_t k = 0; k < changes; ++k) {
        const Field& field = tiu_fields()[random.below(static_cast<std::uint32_t>(tiu_fields().size()))];
        // Small values are more often accepted; single bits reach the large ones.
        const bool small = random.chance(50);
        const std::uint32_t value = random.below(small ? 8 : 65536);
        for (unsigned bit = 0; bit < field.width && bit < (small ? 3u : 16u); ++bit) {
          const unsigned at = field.bit + bit;
          const unsigned mask = 1u << at % 8;
          words[at / 8] = static_cast<std::uint8_t>(value >> bit & 1 ? words[at / 8] | mask : words[at / 8] & ~mask);
        }
      }
      const TiuCommand command = decode_tiu(words);
      if (work_of(command) > 4e6) continue;
      fill(start.local(), r.fill_mode, i);
      compare_one(command, start, expected, got, {},
                  GetParam() + " with changed fields on " + std::string(chip.name) + ", command " + std::to_string(i),
                  tally);
    }
    EXPECT_GT(tally.legal, 10);
  }
}

INSTANTIATE_TEST_SUITE_P(All, Kernels, testing::ValuesIn(RandomTiuGenerator::kinds()),
                         [](const auto& info) { return info.param; });

TEST(KernelsRecorded, ReplayedEqual) {
  const auto files = recorded_files();
  if (files.empty()) GTEST_SKIP() << recorded_files_absent;
  if (levels().empty()) GTEST_SKIP() << "this CPU has no AVX2";
  for (const auto& path : files) {
    const RecordedFile file = read_recorded_commands(path);
    for (const SimdLevel level : levels()) {
      int total = 0, covered = 0, different = 0;
      for (std::size_t i = 0; i < file.records.size(); ++i) {
        const RecordedCommand& record = file.records[i];
        if (record.is_tdma()) continue;
        ++total;
        const auto result = replay(record, file.global_bytes, [&](const Command& command, Memory& memory) {
          const TiuCommand& tiu = std::get<TiuCommand>(command);
          if (execute_tiu_kernel(tiu, memory, {}, level)) {
            ++covered;
          } else {
            execute_tiu_law(tiu, memory, {});
          }
        });
        if (!result.equal() && ++different < 4) {
          ADD_FAILURE() << path << " record " << i << " " << record.kind << " " << name(level) << ": "
                        << to_string(result);
        }
      }
      EXPECT_EQ(different, 0);
      EXPECT_GT(covered, total / 2) << name(level);
      RecordProperty(path.filename().string() + "_" + name(level), covered);
    }
  }
}

}  // namespace
}  // namespace vnpu::cv18xx
