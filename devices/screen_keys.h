// Keys for programs that draw a screen again and again while they wait for one.
#pragma once

#include <chrono>
#include <memory>
#include <optional>

#include "devices/process.h"

namespace vnpu::devices {

// The keys of the standard input where it is a terminal, unechoed, until destroyed.
class ScreenKeys {
 public:
  explicit ScreenKeys(Process& process) : process_(process) {
    if (process.is_terminal(0)) stream_ = process.descriptors[0];
    if (stream_) stream_->terminal()->set_mode({false, false, true});
  }
  ~ScreenKeys() {
    if (stream_) stream_->terminal()->set_mode({});
  }
  // The next key; none within the time: nothing. Without more keys to come: q.
  std::optional<char> wait(std::chrono::nanoseconds time) {
    if (!stream_) {
      process_.sleep_ns(static_cast<std::uint64_t>(time.count()));
      return std::nullopt;
    }
    const auto token = process_.task->token();
    const auto milliseconds = std::chrono::duration_cast<std::chrono::milliseconds>(time);
    const bool ready = stream_->terminal()->readable_within(milliseconds, token);
    process_.check_signals();
    if (!ready) return std::nullopt;
    std::uint8_t byte = 'q';
    const auto got = stream_->read(std::span(&byte, 1), token);
    process_.check_signals();
    return got && *got == 1 ? static_cast<char>(byte) : 'q';
  }

 private:
  Process& process_;
  std::shared_ptr<Stream> stream_;
};

}  // namespace vnpu::devices
