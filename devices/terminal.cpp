#include "devices/terminal.h"

#include <algorithm>
#include <atomic>
#include <condition_variable>
#include <deque>
#include <mutex>

#include "devices/task.h"

namespace vnpu::devices {

namespace {

constexpr std::size_t input_limit = 65536;
constexpr std::size_t line_limit = 4095;
constexpr std::uint16_t end_mark = 256;  // among the readable bytes: ^D typed on an empty line

class Pty : public Terminal {
 public:
  Pty(std::shared_ptr<Stream> output, WindowSize size, std::string type)
      : output_(std::move(output)), size_(size), type_(std::move(type)) {}

  void keys(std::span<const std::uint8_t> bytes) override {
    for (const std::uint8_t byte : bytes) key(byte);
    flush_echo();
  }

  std::size_t room() const override {
    std::scoped_lock lock(mutex_);
    return input_limit - std::min(input_limit, ready_.size() + line_.size());
  }

  void resize(WindowSize size) override {
    {
      std::scoped_lock lock(mutex_);
      size_ = size;
    }
    send(signal_number::window);
  }

  void hang_up() override {
    std::scoped_lock lock(mutex_);
    gone_ = true;
    changed_.notify_all();
  }

  WindowSize size() const override {
    std::scoped_lock lock(mutex_);
    return size_;
  }
  const std::string& type() const override { return type_; }
  Mode mode() const override {
    std::scoped_lock lock(mutex_);
    return mode_;
  }
  void set_mode(Mode mode) override {
    std::scoped_lock lock(mutex_);
    if (!mode.canonical && mode_.canonical) {
      // What was typed ahead becomes readable as it is.
      for (const char c : line_) ready_.push_back(static_cast<std::uint8_t>(c));
      line_.clear();
      std::erase(ready_, end_mark);
    }
    const bool cook = mode.canonical && !mode_.canonical;
    mode_ = mode;
    if (cook) {
      // What was typed ahead: its ends of line and ^D mean now what they mean to programs. It is not echoed any more.
      std::deque<std::uint16_t> ahead;
      ahead.swap(ready_);
      mode_.echo = false;
      for (const std::uint16_t byte : ahead) cooked(static_cast<std::uint8_t>(byte));
      mode_.echo = mode.echo;
    }
    changed_.notify_all();
  }
  bool readable_within(std::chrono::milliseconds time, const std::stop_token& stop) override {
    std::unique_lock lock(mutex_);
    return changed_.wait_for(lock, stop, time, [&] { return !ready_.empty() || gone_; });
  }
  void set_foreground(int group) override { foreground_ = group; }
  int foreground() const override { return foreground_; }
  void set_deliver(std::function<void(int, int)> deliver) override {
    std::scoped_lock lock(mutex_);
    deliver_ = std::move(deliver);
  }

  Result<std::size_t> read(std::span<std::uint8_t> into, const std::stop_token& stop) override {
    std::unique_lock lock(mutex_);
    if (into.empty()) return std::size_t{0};
    if (!changed_.wait(lock, stop, [&] { return !ready_.empty() || gone_; })) return Errno::intr;
    // Whoever was stopped must not take a key that is already for the one after it.
    if (stop.stop_requested() && !gone_) return Errno::intr;
    std::size_t length = 0;
    while (length < into.size() && !ready_.empty()) {
      const std::uint16_t byte = ready_.front();
      if (byte == end_mark && length > 0) break;
      ready_.pop_front();
      if (byte == end_mark) break;
      into[length++] = static_cast<std::uint8_t>(byte);
      if (mode_.canonical && byte == '\n') break;
    }
    return length;
  }

  Errno write(std::span<const std::uint8_t> bytes, const std::stop_token& stop) override {
    std::vector<std::uint8_t> out;
    out.reserve(bytes.size() + 16);
    for (const std::uint8_t byte : bytes) {
      if (byte == '\n') out.push_back('\r');
      out.push_back(byte);
    }
    {
      std::scoped_lock lock(mutex_);
      if (gone_) return Errno::io;
    }
    std::scoped_lock lock(output_mutex_);
    write_echo();
    const Errno error = output_->write(out, stop);
    return error == Errno::pipe ? Errno::io : error;
  }

 private:
  void send(int number) {
    std::function<void(int, int)> deliver;
    {
      std::scoped_lock lock(mutex_);
      deliver = deliver_;
    }
    if (deliver) deliver(foreground_, number);
  }

  void key(std::uint8_t byte) {
    int signal = 0;
    {
      std::scoped_lock lock(mutex_);
      if (mode_.signals && (byte == 3 || byte == 26 || byte == 28)) {
        signal = byte == 3 ? signal_number::interrupt : byte == 26 ? signal_number::terminal_stop : signal_number::quit;
        line_.clear();
        ready_.clear();
        if (mode_.echo) pending_echo_ += {'^', static_cast<char>(byte + 64)};
      } else if (!mode_.canonical) {
        if (ready_.size() < input_limit) ready_.push_back(byte);
        if (mode_.echo) pending_echo_ += static_cast<char>(byte);
      } else {
        cooked(byte);
      }
      changed_.notify_all();
    }
    if (!signal) return;
    flush_echo();  // before what the signal brings about
    send(signal);
  }

  void rub_out() {
    // One character, which may be several bytes of UTF-8.
    while (line_.size() > 1 && (static_cast<unsigned char>(line_.back()) & 0xc0) == 0x80) line_.pop_back();
    line_.pop_back();
    if (mode_.echo) pending_echo_ += "\b \b";
  }

  void cooked(std::uint8_t byte) {
    if (byte == '\r') byte = '\n';
    switch (byte) {
      case '\n':
        line_ += '\n';
        if (mode_.echo) pending_echo_ += "\r\n";
        end_line();
        return;
      case 4:
        if (line_.empty()) {
          if (ready_.size() < input_limit) ready_.push_back(end_mark);
        } else {
          end_line();
        }
        return;
      case 8:
      case 127:
        if (!line_.empty()) rub_out();
        return;
      case 21:
        while (!line_.empty()) rub_out();
        return;
      case 23:
        while (!line_.empty() && line_.back() == ' ') rub_out();
        while (!line_.empty() && line_.back() != ' ') rub_out();
        return;
      default: break;
    }
    if (line_.size() >= line_limit) return;
    line_ += static_cast<char>(byte);
    if (!mode_.echo) return;
    if (byte < 32 && byte != '\t') {
      pending_echo_ += '^';
      pending_echo_ += static_cast<char>(byte + 64);
    } else {
      pending_echo_ += static_cast<char>(byte);
    }
  }

  void end_line() {
    for (const char c : line_)
      if (ready_.size() < input_limit) ready_.push_back(static_cast<std::uint8_t>(c));
    line_.clear();
  }

  void flush_echo() {
    // Whoever is writing takes the echo along; otherwise it goes now.
    std::unique_lock lock(output_mutex_, std::try_to_lock);
    if (lock.owns_lock()) write_echo();
  }

  void write_echo() {
    std::string echo;
    {
      std::scoped_lock lock(mutex_);
      echo.swap(pending_echo_);
    }
    if (echo.empty()) return;
    // A token already stopped: what the user's side has no room for is lost rather than waited for.
    std::stop_source stopped;
    stopped.request_stop();
    (void)output_->write({reinterpret_cast<const std::uint8_t*>(echo.data()), echo.size()}, stopped.get_token());
  }

  std::shared_ptr<Stream> output_;
  std::mutex output_mutex_;  // taken before mutex_
  mutable std::mutex mutex_;
  std::condition_variable_any changed_;
  WindowSize size_;
  std::string type_;
  Mode mode_;
  std::string line_;                 // being typed
  std::deque<std::uint16_t> ready_;  // readable: bytes and end_mark
  // Waits in a line of its own, since the host's thread must not block on its own output; put there before the keys can
  // be read, so that it comes before what a program answers to them.
  std::string pending_echo_;
  bool gone_ = false;
  std::atomic<int> foreground_{0};
  std::function<void(int, int)> deliver_;
};

}  // namespace

std::shared_ptr<Terminal> Terminal::make(std::shared_ptr<Stream> output, WindowSize size, std::string type) {
  return std::make_shared<Pty>(std::move(output), size, std::move(type));
}

}  // namespace vnpu::devices
