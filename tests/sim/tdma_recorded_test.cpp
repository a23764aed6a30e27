// The scalar law and every instruction-set level against the recorded commands of the vendor's simulator.
#include <gtest/gtest.h>

#include <map>
#include <string>

#include "sim/cv18xx/execute.h"
#include "sim/cv18xx/law_tdma.h"
#include "sim/cv18xx/recorded_commands.h"
#include "tests/sim/recorded_files.h"

namespace vnpu::cv18xx {
namespace {

void replay_tdma(const Executor& executor) {
  const auto files = recorded_files();
  if (files.empty()) GTEST_SKIP() << recorded_files_absent;
  for (const auto& path : files) {
    const auto file = read_recorded_commands(path);
    std::map<std::string, int> different;
    int equal = 0;
    for (std::size_t i = 0; i < file.records.size(); ++i) {
      const auto& record = file.records[i];
      if (!record.is_tdma()) continue;
      const auto result = replay(record, file.global_bytes, executor);
      equal += result.equal();
      if (!result.equal() && ++different[record.kind] < 4)
        ADD_FAILURE() << path << " record " << i << " " << record.kind << ": " << to_string(result);
    }
    for (const auto& [kind, count] : different) ADD_FAILURE() << path << " " << kind << ": " << count << " differ";
    EXPECT_GT(equal, 0) << path;
    std::printf("%s: %d TDMA records equal\n", path.filename().c_str(), equal);
  }
}

TEST(TdmaRecorded, Law) {
  replay_tdma([](const Command& command, Memory& memory) {
    execute_tdma_law(std::get<TdmaCommand>(command), memory, Quirks{});
  });
}

TEST(TdmaRecorded, EveryLevel) {
  for (const auto level : {SimdLevel::scalar, SimdLevel::avx2, SimdLevel::avx512}) {
    if (level > best_simd_level()) continue;
    SCOPED_TRACE(name(level));
    replay_tdma([level](const Command& command, Memory& memory) {
      execute(std::get<TdmaCommand>(command), memory, {Quirks{}, level});
    });
  }
}

// Commands at the edges of what is legal (tools/oracle/cv18xx/tdma_edges.py).
RecordedFile edges(const std::string& what, const std::string& chip) {
  return read_recorded_commands(std::string(VNPU_SOURCE_DIR "/tests/sim/recorded/tdma_") + what + "_" + chip +
                                ".bin.xz");
}

class TdmaEdges : public testing::TestWithParam<const char*> {
 protected:
  // Calls visit(record index, record, result) for every record and level.
  template <class Visit>
  void each(const std::string& what, Visit visit) {
    const auto file = edges(what, GetParam());
    for (const auto level : {SimdLevel::scalar, SimdLevel::avx2, SimdLevel::avx512}) {
      if (level > best_simd_level()) continue;
      for (std::size_t i = 0; i < file.records.size(); ++i) {
        visit(i, file.records[i],
              replay(file.records[i], file.global_bytes, [level](const Command& command, Memory& memory) {
                execute(std::get<TdmaCommand>(command), memory, {Quirks{}, level});
              }));
      }
    }
  }
};

TEST_P(TdmaEdges, OverlappingCommandsAreEqual) {
  int count = 0;
  each("overlap", [&](std::size_t i, const RecordedCommand& record, const ReplayResult& result) {
    EXPECT_TRUE(result.equal()) << i << " " << record.kind << ": " << to_string(result);
    ++count;
  });
  EXPECT_GT(count, 250);
}

TEST_P(TdmaEdges, ChangedCommandsAreEqualOrRefused) {
  int equal = 0, refused = 0;
  each("changed", [&](std::size_t i, const RecordedCommand& record, const ReplayResult& result) {
    EXPECT_FALSE(result.difference) << i << " " << record.kind << ": " << to_string(result);
    ++(result.equal() ? equal : refused);
  });
  // Damaged streams and conversions of compressed data, which the vendor's simulator executes somehow.
  EXPECT_LT(refused * 15, equal);
}

TEST_P(TdmaEdges, WhatTheVendorRefusesIsRefused) {
  each("refused", [&](std::size_t i, const RecordedCommand& record, const ReplayResult& result) {
    EXPECT_FALSE(result.error.empty()) << i << " " << record.kind;
  });
}

INSTANTIATE_TEST_SUITE_P(Chips, TdmaEdges, testing::Values("cv180x", "cv181x"),
                         [](const auto& info) { return std::string(info.param); });

}  // namespace
}  // namespace vnpu::cv18xx
