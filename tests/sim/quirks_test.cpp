// The quirk table: its switches, its document, and that each row is tested.
#include "sim/cv18xx/quirks.h"

#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>

#include "base/error.h"

namespace vnpu::cv18xx {
namespace {

namespace fs = std::filesystem;

std::string read(const fs::path& path) {
  std::ifstream in(path);
  return {std::istreambuf_iterator<char>(in), {}};
}

TEST(Quirks, ParseSwitchesThemByName) {
  const Quirks vendor = parse_quirks("vendor"), none = parse_quirks("none");
  for (const QuirkRow& row : quirk_table()) {
    EXPECT_TRUE(vendor.*row.flag) << row.name;
    EXPECT_FALSE(none.*row.flag) << row.name;
    const Quirks one = parse_quirks(row.name);
    for (const QuirkRow& other : quirk_table()) EXPECT_EQ(one.*other.flag, row.name == other.name) << row.name;
  }
  const Quirks two = parse_quirks("bf16_copy_rounds,lut_channel_rotation");
  EXPECT_TRUE(two.bf16_copy_rounds && two.lut_channel_rotation && !two.qdm_shift_32_is_0);
  EXPECT_THROW(parse_quirks("bf16_copy_rounds,nonsense"), Error);
}

TEST(Quirks, EachIsSwitchedInATest) {
  std::string tests;
  for (const auto& entry : fs::recursive_directory_iterator(fs::path(VNPU_SOURCE_DIR) / "tests/sim")) {
    if (entry.path().extension() == ".cpp" && entry.path().filename() != "quirks_test.cpp") tests += read(entry.path());
  }
  for (const QuirkRow& row : quirk_table()) {
    EXPECT_NE(tests.find(std::string(row.name)), std::string::npos) << row.name << " is switched in no test";
  }
}

TEST(Quirks, TheDocumentIsTheTable) {
  std::string wanted =
      "# Quirks of CV180x and CV181x\n\n"
      "Where the vendor's simulator departs from the obvious reading of the documentation, or from what a chip could "
      "do.\n"
      "`--quirks vendor` (the default) has all of them, `--quirks none` has none, `--quirks NAME,NAME` only those.\n"
      "This page is made from `sim/cv18xx/quirks.def` by a test (`VNPU_UPDATE_DOCS=1` in its environment writes it "
      "anew).\n\n"
      "| name | where | the vendor's simulator | without the quirk |\n|---|---|---|---|\n";
  for (const QuirkRow& row : quirk_table()) {
    wanted += "| `" + std::string(row.name) + "` | " + std::string(row.where) + " | " + std::string(row.vendor) +
              " | " + std::string(row.otherwise) + " |\n";
  }
  const fs::path path = fs::path(VNPU_SOURCE_DIR) / "docs/quirks_cv18xx.md";
  if (std::getenv("VNPU_UPDATE_DOCS")) std::ofstream(path) << wanted;
  EXPECT_TRUE(read(path) == wanted) << path << " differs from the quirk table; run this test with VNPU_UPDATE_DOCS=1";
}

}  // namespace
}  // namespace vnpu::cv18xx
