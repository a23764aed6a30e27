#include "host/ssh/session_log.h"

#include <chrono>
#include <cstdio>
#include <ctime>
#include <iostream>

#include "base/error.h"

namespace vnpu::ssh {

std::string printable(std::string_view text, std::size_t limit) {
  std::string result;
  for (const char c : text.substr(0, limit)) {
    const auto byte = static_cast<unsigned char>(c);
    if (byte < 0x20 || byte == 0x7f) {
      char hex[8];
      std::snprintf(hex, sizeof hex, "\\x%02x", byte);
      result += hex;
    } else {
      result += c;
    }
  }
  if (text.size() > limit) result += "...";
  return result;
}

SessionLog::SessionLog(const std::optional<std::filesystem::path>& file, bool echo) : echo_(echo) {
  if (!file) return;
  file_.open(*file, std::ios::app);
  if (!file_) throw Error(ErrorKind::usage, "the log " + file->string() + " cannot be written");
}

void SessionLog::write(std::string_view text) {
  const auto now = std::chrono::system_clock::now().time_since_epoch();
  const auto ms = std::chrono::duration_cast<std::chrono::milliseconds>(now).count();
  const std::time_t seconds = static_cast<std::time_t>(ms / 1000);
  std::tm parts{};
  gmtime_r(&seconds, &parts);
  char time[64];
  const std::size_t length = std::strftime(time, sizeof time, "%Y-%m-%dT%H:%M:%S", &parts);
  std::snprintf(time + length, sizeof time - length, ".%03dZ ", static_cast<int>(ms % 1000));
  const std::string line = time + printable(text) + "\n";
  const std::lock_guard lock(mutex_);
  if (file_.is_open()) file_ << line << std::flush;
  if (echo_) std::cerr << line << std::flush;
}

}  // namespace vnpu::ssh
