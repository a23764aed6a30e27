// The reader against recorded listings of the vendor's tool; runs where VNPU_GOLDEN names a tree of unpacked cases.
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>

#include "base/error.h"
#include "models/cvimodel/write.h"
#include "tests/models/vendor_listing.h"

namespace vnpu::cvimodel {
namespace {

std::string first_difference(const std::string& ours, const std::string& theirs) {
  const auto at = std::mismatch(ours.begin(), ours.end(), theirs.begin(), theirs.end());
  const auto line = [](const std::string& text, std::string::const_iterator where) {
    const auto begin = static_cast<std::size_t>(where - text.begin());
    const auto start = begin == 0 ? 0 : text.rfind('\n', begin - 1) + 1;
    return text.substr(start, text.find('\n', begin) - start);
  };
  return "ours  : " + line(ours, at.first) + "\nvendor: " + line(theirs, at.second);
}

TEST(GoldenInfo, ListingAndRewriteOfEveryModel) {
  const char* root = std::getenv("VNPU_GOLDEN");
  if (!root) GTEST_SKIP() << "VNPU_GOLDEN (a tree of unpacked golden cases) is not set";
  int models = 0;
  for (const auto& entry : std::filesystem::recursive_directory_iterator(root)) {
    const auto info = entry.path().parent_path() / "info.txt";
    if (entry.path().filename() != "model.cvimodel" || !std::filesystem::exists(info)) continue;
    ++models;
    const Bytes file = read_file(entry.path());
    try {
      const Model model = read(file);
      EXPECT_TRUE(model.refusals().empty()) << entry.path();
      const Bytes text = read_file(info);
      const std::string theirs(text.begin(), text.end());
      const std::string ours = vendor_listing(model);
      EXPECT_TRUE(ours == theirs) << entry.path() << "\n" << first_difference(ours, theirs);
      // Nothing that the listing names is lost when the file is written anew, and writing is a fixed point.
      const Bytes again = write(model);
      const Model copy = read(again);
      EXPECT_TRUE(vendor_listing(copy) == ours) << entry.path();
      EXPECT_TRUE(write(copy) == again) << entry.path();
    } catch (const Error& error) {
      ADD_FAILURE() << entry.path() << ": " << error.what();
    }
  }
  EXPECT_GT(models, 0) << root;
  RecordProperty("models", models);
  std::printf("%d models compared\n", models);
}

}  // namespace
}  // namespace vnpu::cvimodel
