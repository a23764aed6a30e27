// The log of a board's sessions: one line an event, with the time.
#pragma once

#include <filesystem>
#include <fstream>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>

namespace vnpu::ssh {

// What came from outside, made harmless for a terminal and a line: control bytes as \xNN, cut at `limit` bytes.
std::string printable(std::string_view text, std::size_t limit = 2000);

class SessionLog {
 public:
  // Appends to the file, if one is given, and copies to stderr when `echo`. Throws Error usage.
  SessionLog(const std::optional<std::filesystem::path>& file, bool echo);
  void write(std::string_view text);  // from any thread

 private:
  std::mutex mutex_;
  std::ofstream file_;
  bool echo_;
};

}  // namespace vnpu::ssh
