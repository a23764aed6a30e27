#include "devices/commands/scp_records.h"

#include <gtest/gtest.h>

#include "base/error.h"

namespace vnpu::devices {
namespace {

using Kind = ScpRecord::Kind;

TEST(ScpRecords, LinesAsOpenSshSendsThem) {
  const auto times = parse_scp_record("T1704164645 0 1704164646 0");
  EXPECT_EQ(times.kind, Kind::times);
  EXPECT_EQ(times.modified, 1704164645);
  EXPECT_EQ(times.accessed, 1704164646);
  const auto file = parse_scp_record("C0600 6 a b.txt");
  EXPECT_EQ(file.kind, Kind::file);
  EXPECT_EQ(file.permissions, 0600u);
  EXPECT_EQ(file.size, 6u);
  EXPECT_EQ(file.name, "a b.txt");
  EXPECT_EQ(parse_scp_record("D0755 0 dir").kind, Kind::directory);
  EXPECT_EQ(parse_scp_record("E").kind, Kind::end);
}

TEST(ScpRecords, WhatIsWrittenIsRead) {
  for (const char* line : {"T1 0 2 0\n", "C0644 18446744073709551 x\n", "D1777 0 d\n", "E\n"}) {
    const std::string text = line;
    EXPECT_EQ(write_scp_record(parse_scp_record(text.substr(0, text.size() - 1))), text);
  }
}

TEST(ScpRecords, NamesNeverLeaveTheDirectory) {
  for (const char* line :
       {"C0644 1 ../x", "C0644 1 ..", "C0644 1 .", "C0644 1 /etc/passwd", "D0755 0 a/b", "C0644 1 "}) {
    try {
      parse_scp_record(line);
      ADD_FAILURE() << line;
    } catch (const Error& error) {
      EXPECT_EQ(error.kind(), ErrorKind::damaged);
      EXPECT_EQ(error.field(), "name");
    }
  }
  EXPECT_THROW(parse_scp_record(std::string_view("C0644 1 a\0b", 11)), Error);
}

TEST(ScpRecords, NonsenseIsRefusedWithItsPlace) {
  for (const char* line :
       {"", "X", "E1", "C", "C0644", "C0644 ", "C0944 1 x", "C77777 1 x", "C0644 -1 x", "C0644 99999999999999999999 x",
        "C0644  1 x", "T1 0 2", "T1 0 2 0 ", "T1 1000000 2 0", "T-1 0 2 0"})
    EXPECT_THROW(parse_scp_record(line), Error) << line;
  try {
    parse_scp_record("C0644 12z x");
    FAIL();
  } catch (const Error& error) {
    EXPECT_EQ(error.offset().value(), 8u);
  }
}

}  // namespace
}  // namespace vnpu::devices
