// Command buffers as the vendor's converter writes them: all are accepted, re-encoded to the same bytes, scheduled and
// printed. The digit models of the checkout always; the wide golden data ($VNPU_GOLDEN or ../shared/golden) if there.
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <map>

#include "base/archive.h"
#include "base/error.h"
#include "isa/cv18xx/print.h"
#include "isa/cv18xx/schedule.h"
#include "models/cvimodel/model.h"

namespace vnpu::cv18xx {
namespace {

namespace fs = std::filesystem;

struct Tally {
  std::size_t models = 0, tiu = 0, tdma = 0;
  std::map<std::string, std::size_t> mnemonics;
};

void check_section(const cvimodel::Section& section, const Chip& chip, Tally& tally) {
  const auto stream = parse_cmdbuf(ByteView(section.bytes, section.file_offset), chip);
  Bytes again;
  const PrintOptions options(chip);
  for (const StreamEntry& entry : stream) {
    const bool tiu = entry.engine == Engine::tiu;
    const std::uint8_t length = tiu ? tiu_bytes : tdma_bytes;
    again.insert(again.end(), {chip.cmdbuf_magic, length, static_cast<std::uint8_t>(entry.engine), 0, 0, 0, 0, 0});
    if (tiu) {
      const auto words = encode(entry.tiu());
      again.insert(again.end(), words.begin(), words.end());
      ASSERT_EQ(decode_wire(ByteView(encode_wire(entry.tiu()))).command, entry.tiu());
    } else {
      const auto words = encode(entry.tdma());
      again.insert(again.end(), words.begin(), words.end());
    }
    ++(tiu ? tally.tiu : tally.tdma);
    ++tally.mnemonics[mnemonic(entry)];
    ASSERT_GT(print(entry, options).size(), 60u);
  }
  ASSERT_TRUE(again == section.bytes);

  // File order is a legal order: feeding the schedule in it never meets a command that is not ready.
  std::size_t in_groups = 0;
  for (const CommandGroup& group : split_groups(stream)) in_groups += in_order(group).size();
  ASSERT_EQ(in_groups, stream.size());
  const auto groups = split_groups(stream);
  auto entry = stream.begin();
  for (const CommandGroup& group : groups) {
    Schedule schedule(group);
    for (; !schedule.done(); ++entry) {
      ASSERT_TRUE(schedule.ready(entry->engine)) << "command " << entry->index << " in file order";
      schedule.finish(entry->engine);
    }
  }
}

void check_model(const std::string& path, const Bytes& file, Tally& tally) {
  SCOPED_TRACE(path);
  const cvimodel::Model model = cvimodel::read(ByteView(file));
  const Chip* chip = find_chip(model.header.chip);
  ASSERT_NE(chip, nullptr);
  for (const cvimodel::Section& section : model.sections) {
    if (section.type == cvimodel::SectionType::cmdbuf) check_section(section, *chip, tally);
  }
  ++tally.models;
}

TEST(GoldenStreams, DigitModels) {
  Tally tally;
  for (const auto& entry : fs::directory_iterator(fs::path(VNPU_SOURCE_DIR) / "tests/golden/digits")) {
    if (entry.path().extension() == ".cvimodel") check_model(entry.path().string(), read_file(entry.path()), tally);
  }
  EXPECT_EQ(tally.models, 4u);
  EXPECT_GT(tally.tiu, 20u);
  EXPECT_GT(tally.mnemonics["conv.i8.qdm"], 0u);
  EXPECT_GT(tally.mnemonics["conv.bf16"], 0u);
}

TEST(GoldenStreams, WideData) {
  const char* golden = std::getenv("VNPU_GOLDEN");
  const fs::path folder = (golden ? fs::path(golden) : fs::path(VNPU_SOURCE_DIR) / "../shared/golden") / "cv18xx";
  if (!fs::is_directory(folder)) GTEST_SKIP() << "no wide golden data: neither $VNPU_GOLDEN/cv18xx nor " << folder;
  Tally tally;
  for (const auto& file : fs::directory_iterator(folder)) {
    if (!file.path().filename().string().ends_with(".tar.xz")) continue;
    const Bytes archive = read_file(file.path());
    for_each_entry(ByteView(archive), ArchiveFormat::tar, {}, [&](const std::string& path, Bytes bytes) {
      // The folder of errors holds files that are broken on purpose.
      if (path.ends_with("model.cvimodel") && path.find("errors/") == std::string::npos)
        check_model(path, bytes, tally);
    });
  }
  ASSERT_GT(tally.models, 0u) << folder;
  for (const auto& [name, count] : tally.mnemonics) RecordProperty(name, static_cast<int>(count));
  RecordProperty("models", static_cast<int>(tally.models));
  RecordProperty("tiu", static_cast<int>(tally.tiu));
  RecordProperty("tdma", static_cast<int>(tally.tdma));
}

}  // namespace
}  // namespace vnpu::cv18xx
