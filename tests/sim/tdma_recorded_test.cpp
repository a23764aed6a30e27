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

}  // namespace
}  // namespace vnpu::cv18xx
