#include "devices/maix/console.h"

#include <algorithm>
#include <stop_token>

namespace vnpu::devices::maix {

namespace {

constexpr std::uint8_t ctrl_c = 3;
constexpr std::size_t most_keys = 1 << 20;  // unread; more are lost, as a UART loses them
constexpr std::string_view hidden_line = "  File \"/.firmware/";

}  // namespace

void Console::attach(std::shared_ptr<Stream> out, bool cooked) {
  const std::scoped_lock lock(mutex_);
  out_ = std::move(out);
  cooked_ = cooked;
  ended_ = closed_ = false;
  keys_.clear();
  line_start_ = true;
  hiding_ = false;
  held_.clear();
}

void Console::detach() {
  flush_line();
  const std::scoped_lock lock(mutex_);
  out_ = nullptr;
}

void Console::receive(std::span<const std::uint8_t> bytes) {
  for (const std::uint8_t byte : bytes) {
    bool call = false;
    {
      const std::scoped_lock lock(mutex_);
      if (byte == ctrl_c && want_interrupt_) {
        call = true;
        keys_.clear();
      } else if (keys_.size() < most_keys) {
        keys_.push_back(byte);
      }
      changed_.notify_all();
    }
    if (call && interrupt) interrupt();
  }
}

void Console::end_of_input() {
  const std::scoped_lock lock(mutex_);
  ended_ = true;
  changed_.notify_all();
}

void Console::close() {
  const std::scoped_lock lock(mutex_);
  closed_ = true;
  changed_.notify_all();
}

bool Console::closed() const {
  const std::scoped_lock lock(mutex_);
  return closed_;
}

void Console::want_interrupt(bool wanted) {
  bool call = false;
  {
    const std::scoped_lock lock(mutex_);
    want_interrupt_ = wanted;
    const auto typed = std::find(keys_.begin(), keys_.end(), ctrl_c);  // before the program had begun
    if (wanted && typed != keys_.end()) {
      keys_.erase(keys_.begin(), typed + 1);
      call = true;
    }
  }
  if (call && interrupt) interrupt();
}

std::optional<std::uint8_t> Console::key() {
  std::unique_lock lock(mutex_);
  changed_.wait(lock, [&] { return !keys_.empty() || ended_ || closed_; });
  if (closed_ || keys_.empty()) return std::nullopt;
  const std::uint8_t byte = keys_.front();
  keys_.pop_front();
  return byte;
}

std::size_t Console::read(std::span<std::uint8_t> into) {
  std::size_t count = 0;
  while (count < into.size()) {
    {
      const std::scoped_lock lock(mutex_);
      if (count > 0 && keys_.empty()) break;
    }
    const auto byte = key();
    if (!byte) break;
    into[count++] = *byte;
  }
  return count;
}

void Console::send(std::string_view bytes) {
  std::shared_ptr<Stream> out;
  {
    const std::scoped_lock lock(mutex_);
    out = out_;
  }
  if (out && !bytes.empty())
    out->write({reinterpret_cast<const std::uint8_t*>(bytes.data()), bytes.size()}, std::stop_token{});
}

void Console::write(std::string_view bytes) {
  flush_line();
  send(bytes);
}

void Console::flush_line() {
  if (!held_.empty()) send(std::exchange(held_, {}));
}

void Console::print(std::string_view text) {
  std::string out;
  for (const char c : text) {
    if (hiding_) {
      hiding_ = c != '\n';
      line_start_ = !hiding_;
      continue;
    }
    if (line_start_ || !held_.empty()) {
      if (c == hidden_line[held_.size()]) {
        held_ += c;
        if (held_.size() == hidden_line.size()) {
          held_.clear();
          hiding_ = true;
        }
        line_start_ = false;
        continue;
      }
      out += std::exchange(held_, {});
    }
    line_start_ = c == '\n';
    if (c == '\n' && cooked_) out += '\r';
    out += c;
  }
  send(out);
}

}  // namespace vnpu::devices::maix
