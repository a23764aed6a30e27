#include "devices/commands/pager_lines.h"

#include <utility>

namespace vnpu::devices::commands {

namespace {

constexpr std::size_t text_limit = std::size_t{64} << 20;

}  // namespace

Lines::Lines(Process& process, const std::string& name) : process_(process), name_(name) {
  if (name == "-") return;
  auto stream = process.open(name, open_flag::read);
  const auto status = process.files().stat(process.user, process.path(name));
  if (!stream || (status && status->type == FileType::directory)) {
    error_ = stream ? Errno::isdir : stream.error();
  } else {
    stream_ = *stream;
  }
}

void Lines::fill() {
  std::uint8_t piece[16384];
  process_.check_signals();
  const auto got = stream_ ? stream_->read(piece, process_.task->token()) : process_.read(piece);
  if (!got && got.error() == Errno::intr) return process_.check_signals();
  if (!got || *got == 0 || (bytes_ += *got) > text_limit) {
    ended_ = true;
    if (!rest_.empty()) lines_.push_back(std::exchange(rest_, {}));
    return;
  }
  for (std::size_t i = 0; i < *got; ++i) {
    if (piece[i] == '\n') {
      lines_.push_back(std::exchange(rest_, {}));
    } else {
      rest_ += static_cast<char>(piece[i]);
    }
  }
}

}  // namespace vnpu::devices::commands
