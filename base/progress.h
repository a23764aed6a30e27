// A progress bar for a person at a terminal. The caller decides whether to show one; the library never makes one.
#pragma once

#include <chrono>
#include <cstdint>
#include <cstdio>
#include <mutex>
#include <string>

namespace vnpu {

// True when the stream is a terminal that understands carriage return.
bool is_terminal(std::FILE* stream);

// Draws "LABEL  [#####-----]  12/40  NOTE" on one line, at most ten times a second. Safe to call from several threads.
class ProgressBar {
 public:
  // `visible` false: does nothing.
  ProgressBar(std::string label, std::uint64_t total, bool visible = is_terminal(stderr), std::FILE* stream = stderr);
  ~ProgressBar();  // wipes the line
  ProgressBar(const ProgressBar&) = delete;
  ProgressBar& operator=(const ProgressBar&) = delete;

  void advance(std::uint64_t steps = 1, const std::string& note = {});
  // For work whose size becomes known on the way.
  void update(std::uint64_t done, std::uint64_t total);
  // Wipes the bar, so that the caller can write a line of its own; the next advance() draws it again.
  void clear();

  std::string line() const;  // what is drawn, without control characters

 private:
  void draw_locked();
  std::string line_locked() const;
  void wipe_locked();

  mutable std::mutex mutex_;
  std::string label_, note_;
  std::uint64_t total_, done_ = 0;
  bool visible_, drawn_ = false;
  std::FILE* stream_;
  std::chrono::steady_clock::time_point last_{};
};

}  // namespace vnpu
