// The scalar law against the recorded commands of the vendor's simulator.
#include <gtest/gtest.h>

#include <map>

#include "sim/cv18xx/law_tdma.h"
#include "sim/cv18xx/recorded_commands.h"
#include "tests/sim/recorded_files.h"

namespace vnpu::cv18xx {
namespace {

TEST(TdmaLaw, RecordedCommandsAreEqual) {
  const auto files = recorded_files();
  if (files.empty()) GTEST_SKIP() << recorded_files_absent;
  for (const auto& path : files) {
    const auto file = read_recorded_commands(path);
    std::map<std::string, int> equal, different;
    std::size_t index = 0;
    for (const auto& record : file.records) {
      ++index;
      if (!record.is_tdma()) continue;
      const auto result = replay(record, file.global_bytes, [](const Command& command, Memory& memory) {
        execute_tdma_law(std::get<TdmaCommand>(command), memory, Quirks{});
      });
      ++(result.equal() ? equal : different)[record.kind];
      if (different[record.kind] < 4) {
        EXPECT_TRUE(result.equal()) << path << " record " << index - 1 << " " << record.kind << ": "
                                    << to_string(result);
      }
    }
    for (const auto& [kind, count] : different)
      EXPECT_EQ(count, 0) << path << " " << kind << ", equal: " << equal[kind];
    int total = 0;
    for (const auto& [kind, count] : equal) total += count;
    RecordProperty(path.filename().string() + " equal", total);
    EXPECT_GT(total, 0) << path;
  }
}

}  // namespace
}  // namespace vnpu::cv18xx
