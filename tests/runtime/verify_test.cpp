// Finding cases in files, trees and archives, and running all that the project has.
#include "sim/runtime/verify.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <algorithm>
#include <fstream>

#include "base/archive.h"
#include "base/bytes.h"

namespace vnpu {
namespace {

namespace fs = std::filesystem;

const fs::path golden = fs::path(VNPU_SOURCE_DIR) / "tests/golden";

class Folder : public testing::Test {
 protected:
  Folder() : root(fs::temp_directory_path() / ("vnpu_verify_" + std::to_string(getpid()))) {
    fs::remove_all(root);
    fs::create_directories(root);
  }
  ~Folder() override { fs::remove_all(root); }

  void unpack(const std::string& archive) {
    const auto bytes = read_file(golden / "cv18xx" / archive);
    for_each_entry(ByteView(bytes), ArchiveFormat::tar, {}, [&](const std::string& path, const Bytes& content) {
      fs::create_directories((root / path).parent_path());
      write_file(root / path, content);
    });
  }

  fs::path root;
};

VerifyReport run(const std::vector<fs::path>& paths, unsigned threads = 2, const std::string& filter = "") {
  VerifyOptions options;
  options.threads = threads;
  options.filter = filter;
  return verify(paths, options);
}

std::string failures(const VerifyReport& report) {
  std::string out;
  for (const auto& result : report.results) {
    if (result.verdict == Verdict::failed) out += result.name + ": " + result.message + "\n";
  }
  return out;
}

TEST_F(Folder, TreeArchiveAndCaseGiveTheSame) {
  unpack("elt_div.tar.xz");
  const auto tree = run({root});
  const auto archive = run({golden / "cv18xx/elt_div.tar.xz"});
  ASSERT_GT(tree.results.size(), 3U);
  EXPECT_EQ(tree.failed, 0U) << failures(tree);
  ASSERT_EQ(tree.results.size(), archive.results.size());
  for (std::size_t i = 0; i < tree.results.size(); ++i) EXPECT_EQ(tree.results[i].name, archive.results[i].name);
  for (const auto& entry : fs::recursive_directory_iterator(root)) {
    if (entry.path().filename() != "case.json") continue;
    const auto one = run({entry.path().parent_path()});
    EXPECT_EQ(one.summary(), "1 passed, 0 failed, 0 skipped");
    EXPECT_EQ(one.results.at(0).name.substr(0, 8), "elt_div/");
    break;
  }
}

TEST_F(Folder, OrderAndVerdictsDoNotDependOnThreads) {
  unpack("elt_div.tar.xz");
  const auto one = run({root, golden / "cv18xx/errors.tar.xz"}, 1),
             many = run({root, golden / "cv18xx/errors.tar.xz"}, 5);
  ASSERT_EQ(one.results.size(), many.results.size());
  for (std::size_t i = 0; i < one.results.size(); ++i) {
    EXPECT_EQ(one.results[i].name, many.results[i].name);
    EXPECT_EQ(one.results[i].message, many.results[i].message);
  }
}

TEST_F(Folder, ADamagedCaseFailsAndTheOthersRun) {
  unpack("elt_div.tar.xz");
  fs::path model;
  for (const auto& entry : fs::recursive_directory_iterator(root)) {
    if (entry.path().filename() == "model.cvimodel") model = entry.path();
  }
  fs::resize_file(model, 100);
  const auto report = run({root});
  EXPECT_EQ(report.failed, 1U);
  EXPECT_NE(failures(report).find(model.parent_path().filename().string()), std::string::npos);
  const auto junit = report.junit();
  EXPECT_EQ(std::ranges::count(junit, JunitCase::State::failed, &JunitCase::state), 1);
}

TEST_F(Folder, NothingToVerifyIsAFailure) {
  EXPECT_EQ(run({root}).failed, 1U);
  EXPECT_EQ(run({root / "absent"}).failed, 1U);
  std::ofstream(root / "notes.txt") << "text";
  EXPECT_EQ(run({root / "notes.txt"}).failed, 1U);
  std::ofstream(root / "bad.tar.xz") << "no archive";
  EXPECT_EQ(run({root}).failed, 1U);
}

TEST_F(Folder, FilterChoosesByName) {
  const auto report = run({golden / "cv18xx/elt_div.tar.xz"}, 2, "cv180x-int8");
  ASSERT_FALSE(report.results.empty());
  for (const auto& result : report.results) EXPECT_NE(result.name.find("cv180x-int8"), std::string::npos);
}

TEST_F(Folder, EveryResultIsReported) {
  std::size_t calls = 0, last = 0;
  const auto report = verify({golden / "cv18xx/elt_div.tar.xz"}, {}, [&](const CaseResult&, const VerifyProgress& p) {
    ++calls;
    EXPECT_EQ(p.done, calls);
    EXPECT_LE(p.done, p.known);
    last = p.known;
  });
  EXPECT_EQ(calls, report.results.size());
  EXPECT_EQ(last, calls);
}

// Counted apart from the verifier, so that no case is lost unseen.
std::size_t cases_in_archives() {
  std::size_t count = 0;
  for (const auto& entry : fs::directory_iterator(golden / "cv18xx")) {
    if (!entry.path().string().ends_with(".tar.xz")) continue;
    const auto bytes = read_file(entry.path());
    for_each_entry(ByteView(bytes), ArchiveFormat::tar, {}, [&](const std::string& path, const Bytes&) {
      count += path.ends_with("/case.json") || path.ends_with("/expect.json");
    });
  }
  return count;
}

TEST(Golden, EveryCase) {
  const auto report = run({golden / "cv18xx"}, 0);
  EXPECT_EQ(report.failed, 0U) << failures(report);
  EXPECT_EQ(report.skipped, 0U);
  EXPECT_EQ(report.passed, cases_in_archives());
  EXPECT_GT(report.passed, 2000U);
}

TEST(Golden, EveryRecordedCommand) {
  const auto report = run({golden / "cv18xx_commands"}, 0);
  EXPECT_EQ(report.summary(), "3000 passed, 0 failed, 0 skipped") << failures(report);
}

// All 2,482 cases, where they lie beside the checkout.
TEST(Golden, EveryCaseOfTheWideRecord) {
  const auto wide = fs::path(VNPU_SOURCE_DIR) / "../shared/golden/cv18xx";
  if (!fs::exists(wide)) GTEST_SKIP() << "the wide record is not at " << wide;
  const auto report = run({wide}, 0);
  EXPECT_EQ(report.summary(), "2482 passed, 0 failed, 0 skipped") << failures(report);
}

}  // namespace
}  // namespace vnpu
