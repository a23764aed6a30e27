#include "base/progress.h"

#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <string_view>

namespace vnpu {

bool is_terminal(std::FILE* stream) {
  const char* term = std::getenv("TERM");
  return isatty(fileno(stream)) == 1 && term && std::string_view(term) != "dumb";
}

ProgressBar::ProgressBar(std::string label, std::uint64_t total, bool visible, std::FILE* stream)
    : label_(std::move(label)), total_(total), visible_(visible), stream_(stream) {}

ProgressBar::~ProgressBar() { clear(); }

void ProgressBar::advance(std::uint64_t steps, const std::string& note) {
  const std::lock_guard lock(mutex_);
  done_ = std::min(total_, done_ + std::min(steps, total_));
  note_ = note;
  draw_locked();
}

void ProgressBar::update(std::uint64_t done, std::uint64_t total) {
  const std::lock_guard lock(mutex_);
  total_ = total;
  done_ = std::min(done, total);
  draw_locked();
}

void ProgressBar::draw_locked() {
  if (!visible_) return;
  const auto now = std::chrono::steady_clock::now();
  if (drawn_ && done_ != total_ && now - last_ < std::chrono::milliseconds(100)) return;
  last_ = now;
  std::fprintf(stream_, "\r\x1b[K%s", line_locked().c_str());
  std::fflush(stream_);
  drawn_ = true;
}

void ProgressBar::clear() {
  const std::lock_guard lock(mutex_);
  wipe_locked();
}

std::string ProgressBar::line() const {
  const std::lock_guard lock(mutex_);
  return line_locked();
}

void ProgressBar::wipe_locked() {
  if (!drawn_) return;
  std::fputs("\r\x1b[K", stream_);
  std::fflush(stream_);
  drawn_ = false;
}

std::string ProgressBar::line_locked() const {
  constexpr std::uint64_t width = 24;
  const auto filled = total_ == 0 ? width : static_cast<std::uint64_t>(static_cast<double>(done_) * width / total_);
  std::string out = label_ + "  [" + std::string(filled, '#') + std::string(width - filled, '-') + "]  " +
                    std::to_string(done_) + "/" + std::to_string(total_);
  if (!note_.empty()) out += "  " + (note_.size() > 40 ? note_.substr(0, 37) + "..." : note_);
  return out;
}

}  // namespace vnpu
