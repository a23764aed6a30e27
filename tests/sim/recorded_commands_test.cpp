#include "sim/cv18xx/recorded_commands.h"

#include <gtest/gtest.h>
#include <zlib.h>

#include <cstdlib>
#include <cstring>

#include "base/error.h"
#include "tests/sim/recorded_files.h"

namespace vnpu::cv18xx {
namespace {

template <class T>
void put(Bytes& out, T value) {
  for (std::size_t i = 0; i < sizeof(T); ++i) out.push_back(static_cast<std::uint8_t>(value >> 8 * i));
}

std::uint32_t crc_of(std::span<const std::uint8_t> bytes) {
  return static_cast<std::uint32_t>(crc32(0, bytes.data(), static_cast<uInt>(bytes.size())));
}

// One record of a command that writes AA BB to local address 100 of a memory filled in mode 5 with seed 9.
Bytes one_record() {
  const auto& chip = *find_chip("cv180x");
  Memory memory(chip, 64);
  fill(memory.local(), FillMode::sparse, 9);
  fill(memory.global(), FillMode::sparse, 9 + 77);
  memory.local()[7] = 0x55;
  memory.local()[100] = 0xAA;
  memory.local()[101] = 0xBB;
  Bytes out;
  for (const char c : {'C', 'V', 'C', 'M', 'D', 'V', '1', '\0'}) out.push_back(static_cast<std::uint8_t>(c));
  put<std::uint32_t>(out, 1);
  put<std::uint32_t>(out, 64);
  put<std::uint32_t>(out, 256);
  put<std::uint16_t>(out, 1);
  out.push_back(3);
  for (const char c : {'a', 'b', 'c'}) out.push_back(static_cast<std::uint8_t>(c));
  for (const int byte : {1, 0, 2, 5}) out.push_back(static_cast<std::uint8_t>(byte));
  put<std::uint64_t>(out, 9);
  for (std::uint32_t i = 0; i < 8; ++i) put<std::uint32_t>(out, 16 * i);
  put<std::uint16_t>(out, tdma_bytes);
  put<std::uint16_t>(out, 1);
  TdmaCommand command;
  command.vld = 1;
  command.layer_ID = 77;
  for (const auto byte : encode(command)) out.push_back(byte);
  put<std::uint32_t>(out, 7);
  put<std::uint16_t>(out, 1);
  out.push_back(0x55);
  put<std::uint32_t>(out, crc_of(memory.local()));
  put<std::uint32_t>(out, crc_of(memory.global()));
  put<std::uint16_t>(out, 1);
  put<std::uint16_t>(out, 1);
  put<std::uint32_t>(out, 100);
  put<std::uint32_t>(out, 2);
  out.push_back(0xAA);
  out.push_back(0xBB);
  put<std::uint16_t>(out, 0);
  put<std::uint16_t>(out, 0);
  return out;
}

TEST(RecordedCommands, ReadsEveryFieldOfARecord) {
  const auto file = parse_recorded_commands(one_record());
  ASSERT_EQ(file.records.size(), 1u);
  EXPECT_EQ(file.global_bytes, 64u);
  const auto& record = file.records.front();
  EXPECT_EQ(record.chip->name, "cv180x");
  EXPECT_EQ(record.kind, "abc");
  EXPECT_TRUE(record.is_tdma());
  EXPECT_EQ(std::get<TdmaCommand>(record.commands.front()).layer_ID, 77u);
  EXPECT_EQ(record.base[3], 48u);
  EXPECT_EQ(record.local.kept.front().address, 100u);
  EXPECT_EQ(initial_memory(record, file.global_bytes).local()[7], 0x55);
}

TEST(RecordedCommands, ReplayComparesAllMemory) {
  const auto file = parse_recorded_commands(one_record());
  const auto run = [&](std::size_t address, std::uint8_t a, std::uint8_t b) {
    return replay(file.records.front(), file.global_bytes, [&](const Command&, Memory& memory) {
      memory.local()[address] = a;
      memory.local()[address + 1] = b;
    });
  };
  EXPECT_TRUE(run(100, 0xAA, 0xBB).equal());
  const auto wrong = run(100, 0xAA, 0xBC);
  ASSERT_TRUE(wrong.difference);
  EXPECT_EQ(wrong.difference->address, 101u);
  EXPECT_EQ(wrong.difference->expected.front(), 0xBB);
  EXPECT_EQ(wrong.difference->got.front(), 0xBC);
  EXPECT_FALSE(run(4000, 0xAA, 0xBB).equal());
  const auto refused = replay(file.records.front(), file.global_bytes,
                              [](const Command&, Memory&) { throw Error(ErrorKind::fault, "no"); });
  EXPECT_EQ(refused.error, "no");
  EXPECT_FALSE(refused.equal());
}

TEST(RecordedCommands, EveryTruncationAndATailAreRefused) {
  const auto whole = one_record();
  for (std::size_t size = 0; size < whole.size(); ++size) {
    EXPECT_THROW(parse_recorded_commands(std::span(whole).first(size)), Error) << size;
  }
  auto longer = whole;
  longer.push_back(0);
  EXPECT_THROW(parse_recorded_commands(longer), Error);
}

TEST(RecordedCommands, BadFieldsAreNamedWithTheirOffset) {
  const std::size_t record_at = 22 + 4;
  const std::pair<std::size_t, const char*> fields[] = {
      {record_at, "chip"}, {record_at + 1, "kind"}, {record_at + 2, "engine"}, {record_at + 3, "fill mode"}};
  for (const auto& [at, field] : fields) {
    auto bytes = one_record();
    bytes[at] = 0xFF;
    try {
      parse_recorded_commands(bytes);
      FAIL() << field;
    } catch (const Error& error) {
      EXPECT_EQ(error.kind(), ErrorKind::damaged);
      EXPECT_EQ(error.offset(), at);
      EXPECT_EQ(error.field(), field);
    }
  }
}

TEST(RecordedCommands, FillIsTheSplitmixStream) {
  Bytes bytes(16);
  fill(bytes, FillMode::bytes, 0);
  // The published first outputs of splitmix64 seeded with 0.
  std::uint64_t words[2];
  std::memcpy(words, bytes.data(), 16);
  EXPECT_EQ(words[0], 0xE220A8397B1DCDAFu);
  EXPECT_EQ(words[1], 0x6E789E6AA1B965F4u);
  fill(bytes, FillMode::small_int8, 0);
  for (const auto byte : bytes) EXPECT_LE(std::abs(static_cast<std::int8_t>(byte)), 7);
  EXPECT_THROW(fill(std::span(bytes).first(7), FillMode::bytes, 0), Error);
}

TEST(RecordedCommands, WideFilesParse) {
  const auto files = recorded_files();
  if (files.empty()) GTEST_SKIP() << recorded_files_absent;
  for (const auto& path : files) {
    const auto file = read_recorded_commands(path);
    EXPECT_GT(file.records.size(), 0u) << path;
    EXPECT_GT(file.kinds.size(), 0u);
  }
}

}  // namespace
}  // namespace vnpu::cv18xx
