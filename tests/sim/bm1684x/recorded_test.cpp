// Recorded BM1684X commands: the files of the repository, and damaged ones.
#include <gtest/gtest.h>

#include <cstring>

#include "base/archive.h"
#include "base/error.h"
#include "sim/bm1684x/recorded_commands.h"

namespace vnpu::bm1684x {
namespace {

Bytes recorded_file() {
  return decompress(read_file(VNPU_SOURCE_DIR "/tests/golden/bm1684x_commands/vectors_20261.bin.xz"));
}

// The first records of the file, as a file of their own.
std::vector<RecordedCommand> some_records() {
  auto records = parse_recorded_commands(recorded_file());
  records.resize(12);
  return records;
}

TEST(Bm1684xRecorded, TheFileIsReadWhole) {
  const auto records = parse_recorded_commands(recorded_file());
  EXPECT_EQ(records.size(), 637u);
  for (const auto& record : records) {
    const Bytes words = std::visit([](const auto& command) { return encode(command); }, record.command);
    EXPECT_EQ(words, record.words) << record.kind;
  }
}

TEST(Bm1684xRecorded, ReplaysAreEqualAndDifferencesAreNamed) {
  RecordedMemories memories;
  for (auto& record : some_records()) {
    if (!undefined_reason(record.command).empty()) continue;
    EXPECT_EQ(memories.replay(record, {}), "") << record.kind;
    record.after.front().bytes.front() ^= 1;
    const std::string text = memories.replay(record, {});
    EXPECT_NE(text.find("expected"), std::string::npos) << record.kind << ": " << text;
  }
}

TEST(Bm1684xRecorded, EveryTruncationIsDamage) {
  Bytes file = recorded_file();
  for (const std::size_t size : {std::size_t{0}, std::size_t{3}, std::size_t{7}, std::size_t{8}, std::size_t{12},
                                 std::size_t{60}, file.size() - 1}) {
    try {
      parse_recorded_commands(ByteView(std::span(file).first(size)));
      ADD_FAILURE() << size;
    } catch (const Error& error) {
      EXPECT_EQ(error.kind(), ErrorKind::damaged) << size << ": " << error.what();
    }
  }
  file.push_back(0);
  EXPECT_THROW(parse_recorded_commands(file), Error);
}

TEST(Bm1684xRecorded, PatchesMustLieInTheirMemory) {
  // One SYS command with one patch.
  Bytes file{'B', 'M', 'V', '1', 1, 0, 0, 0, 1, 'x', 0, 16, 0};
  TiuCommand nop;
  nop.cmd_short = 1;
  nop.tsk_typ = tsk_sys;
  nop.tsk_eu_typ = sys_nop;
  const Bytes words = encode(nop);
  file.insert(file.end(), words.begin(), words.end());
  const std::size_t patch = file.size() + 4;
  const Bytes rest{1, 0, 0, 0, 'L', 0xFF, 0xFF, 0xFF, 0, 1, 0, 0, 0, 7, 0, 0, 0, 0};
  file.insert(file.end(), rest.begin(), rest.end());
  EXPECT_EQ(parse_recorded_commands(file).size(), 1u);
  file[patch + 4] = 1;  // the high byte of its address
  EXPECT_THROW(parse_recorded_commands(file), Error);
  file[patch + 4] = 0;
  file[patch] = 'Q';
  EXPECT_THROW(parse_recorded_commands(file), Error);
}

}  // namespace
}  // namespace vnpu::bm1684x
