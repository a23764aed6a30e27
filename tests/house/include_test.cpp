// The rooms of the house: every include goes the way of the data (docs/architecture.md), never back, and no family
// reaches into another.
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <map>
#include <regex>
#include <set>
#include <string>
#include <vector>

namespace {

namespace fs = std::filesystem;

const std::set<std::string> families{"cv18xx", "k210", "bm1684x", "ax620"};
const std::map<std::string, std::string> family_of_format{
    {"cvimodel", "cv18xx"}, {"kmodel", "k210"}, {"bmodel", "bm1684x"}, {"joint", "ax620"}};

struct Room {
  std::string name;    // "base", "isa", "models", "sim/core", "sim/family", "sim/runtime", "devices", "host", ...
  std::string family;  // empty for neutral rooms
};

Room room_of(const std::string& path) {
  const std::vector<std::string> parts = [&] {
    std::vector<std::string> all;
    for (const auto& part : fs::path(path)) all.push_back(part.string());
    return all;
  }();
  const std::string top = parts.at(0), second = parts.size() > 2 ? parts[1] : "";
  if (top == "sim" && (second == "core" || second == "runtime")) return {"sim/" + second, ""};
  if (top == "sim") return {"sim/family", second};
  if (top == "models") return {top, family_of_format.count(second) ? family_of_format.at(second) : second};
  if (top == "isa" || top == "rtl") return {top, second};
  // The boards' programs and firmware are their chips' vendors' own: they speak of the family's formats and commands.
  if (top == "devices" && (second == "programs" || second == "maix" || second == "axera" || second == "sophon"))
    return {"devices/programs", ""};
  return {top, ""};
}

// What each room may include (besides itself and system libraries).
const std::map<std::string, std::set<std::string>> allowed{
    {"base", {"base"}},
    {"isa", {"base", "isa"}},
    {"models", {"base", "models"}},
    {"sim/core", {"base", "sim/core"}},
    {"sim/family", {"base", "isa", "models", "sim/core", "sim/family"}},
    {"sim/runtime", {"base", "sim/core", "sim/runtime"}},
    {"rtl", {"base", "isa", "sim/core", "sim/family", "rtl"}},
    {"devices", {"base", "sim/core", "sim/runtime", "devices", "devices/programs"}},
    {"devices/programs",
     {"base", "isa", "models", "sim/core", "sim/family", "sim/runtime", "devices", "devices/programs"}},
    {"host", {"base", "sim/core", "sim/runtime", "devices", "devices/programs", "host"}},
};

struct Include {
  std::string file, target;
};

std::vector<Include> includes_of_the_house() {
  std::vector<Include> found;
  const std::regex line_form("^\\s*#\\s*include\\s*\"([^\"]+)\"");
  const fs::path root = VNPU_SOURCE_DIR;
  for (const auto& [room, unused] : allowed) {
    const fs::path top = root / room.substr(0, room.find('/'));
    if (!fs::exists(top) || room == "sim/core" || room == "sim/runtime" || room == "devices/programs") continue;
    for (const auto& entry : fs::recursive_directory_iterator(top)) {
      const auto extension = entry.path().extension();
      if (extension != ".h" && extension != ".cpp" && extension != ".inl" && extension != ".def") continue;
      std::ifstream in(entry.path());
      std::smatch match;
      for (std::string line; std::getline(in, line);) {
        if (std::regex_search(line, match, line_form))
          found.push_back({fs::relative(entry.path(), root).string(), match[1]});
      }
    }
  }
  return found;
}

std::string complaint(const Include& include) {
  if (include.target.find('/') == std::string::npos) return "";  // generated beside the source
  const Room from = room_of(include.file), to = room_of(include.target);
  if (!allowed.count(to.name)) return "";  // a library's own header
  if (!from.family.empty() && !to.family.empty() && from.family != to.family) return "one family reaches into another";
  const bool registry = include.file == "sim/runtime/registry.cpp" && to.name == "sim/family";
  if (!allowed.at(from.name).count(to.name) && !registry) return from.name + " may not include " + to.name;
  return "";
}

TEST(House, IncludesGoOneWay) {
  const auto includes = includes_of_the_house();
  EXPECT_GT(includes.size(), 100u) << "the check found suspiciously few includes";
  for (const auto& include : includes)
    EXPECT_EQ(complaint(include), "") << include.file << " includes " << include.target;
}

TEST(House, TheCheckSeesWrongIncludes) {
  EXPECT_NE(complaint({"base/error.h", "isa/cv18xx/command.h"}), "");
  EXPECT_NE(complaint({"models/cvimodel/model.h", "sim/core/network.h"}), "");
  EXPECT_NE(complaint({"sim/cv18xx/network.h", "sim/runtime/registry.h"}), "");
  EXPECT_NE(complaint({"sim/cv18xx/network.h", "isa/k210/command.h"}), "");
  EXPECT_NE(complaint({"sim/cv18xx/network.h", "models/kmodel/model.h"}), "");
  EXPECT_NE(complaint({"sim/runtime/compare.cpp", "sim/cv18xx/network.h"}), "");
  EXPECT_NE(complaint({"host/main.cpp", "sim/cv18xx/network.h"}), "");
  EXPECT_EQ(complaint({"sim/runtime/registry.cpp", "sim/cv18xx/model_file.h"}), "");
  EXPECT_EQ(complaint({"sim/cv18xx/network.h", "isa/cv18xx/command.h"}), "");
}

TEST(House, FamiliesAreNotNamedInNeutralRooms) {
  const fs::path root = VNPU_SOURCE_DIR;
  for (const char* room : {"base", "sim/core"}) {
    for (const auto& entry : fs::recursive_directory_iterator(root / room)) {
      if (!entry.is_regular_file()) continue;
      std::ifstream in(entry.path());
      const std::string text{std::istreambuf_iterator<char>(in), {}};
      for (const auto& family : families)
        EXPECT_EQ(text.find(family), std::string::npos) << entry.path() << " names " << family;
    }
  }
}

TEST(House, FilesStaySmall) {
  const fs::path root = VNPU_SOURCE_DIR;
  for (const char* room : {"base", "isa", "models", "sim", "host", "tests"}) {
    for (const auto& entry : fs::recursive_directory_iterator(root / room)) {
      const auto extension = entry.path().extension();
      if (extension != ".h" && extension != ".cpp" && extension != ".inl") continue;
      std::ifstream in(entry.path());
      std::size_t lines = 0;
      for (std::string line; std::getline(in, line);) ++lines;
      EXPECT_LE(lines, 550u) << entry.path() << ": split it";
    }
  }
}

}  // namespace
