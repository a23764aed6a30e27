// The built program run as its users run it, and a folder for what it reads and writes.
#pragma once

#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdio>
#include <filesystem>
#include <string>

#include "base/bytes.h"

namespace vnpu {

struct Ran {
  int status = 0;    // -1: ended by a signal
  std::string text;  // stdout and stderr together
};

inline Ran vnpu(const std::string& arguments) {
  std::FILE* pipe = popen((std::string(VNPU_PROGRAM) + " " + arguments + " 2>&1").c_str(), "r");
  Ran ran;
  char buffer[4096];
  for (std::size_t n; (n = std::fread(buffer, 1, sizeof buffer, pipe)) > 0;) ran.text.append(buffer, n);
  const int status = pclose(pipe);
  ran.status = WIFEXITED(status) ? WEXITSTATUS(status) : -1;
  return ran;
}

class CommandTest : public testing::Test {
 protected:
  void SetUp() override {
    folder_ = std::filesystem::temp_directory_path() / ("vnpu-" + std::to_string(getpid()) + "-" +
                                                        testing::UnitTest::GetInstance()->current_test_info()->name());
    std::filesystem::create_directories(folder_);
  }
  void TearDown() override { std::filesystem::remove_all(folder_); }

  std::string path(const std::string& name) const { return (folder_ / name).string(); }
  std::string text_of(const std::string& name) const {
    const Bytes bytes = read_file(folder_ / name);
    return {bytes.begin(), bytes.end()};
  }
  void save(const std::string& name, const std::string& text) const {
    write_file(folder_ / name, {reinterpret_cast<const std::uint8_t*>(text.data()), text.size()});
  }

  std::filesystem::path folder_;
};

}  // namespace vnpu
