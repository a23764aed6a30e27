#include "base/progress.h"

#include <gtest/gtest.h>

#include <thread>
#include <vector>

namespace vnpu {
namespace {

TEST(Progress, LineShowsShareAndNote) {
  ProgressBar bar("cases", 4, false);
  EXPECT_EQ(bar.line(), "cases  [------------------------]  0/4");
  bar.advance(1, "conv");
  EXPECT_EQ(bar.line(), "cases  [######------------------]  1/4  conv");
  bar.advance(10);
  EXPECT_EQ(bar.line(), "cases  [########################]  4/4");
}

TEST(Progress, WritesOnlyWhenVisible) {
  for (const bool visible : {false, true}) {
    std::FILE* file = std::tmpfile();
    ASSERT_NE(file, nullptr);
    {
      ProgressBar bar("x", 1, visible, file);
      bar.advance();
    }
    EXPECT_EQ(std::ftell(file) > 0, visible);
    std::fclose(file);
  }
}

TEST(Progress, CountsFromManyThreads) {
  ProgressBar bar("x", 4000, false);
  std::vector<std::jthread> threads;
  for (int i = 0; i < 4; ++i) {
    threads.emplace_back([&bar] {
      for (int k = 0; k < 1000; ++k) bar.advance();
    });
  }
  threads.clear();
  EXPECT_NE(bar.line().find("4000/4000"), std::string::npos);
}

}  // namespace
}  // namespace vnpu
