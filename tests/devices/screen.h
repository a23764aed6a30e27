// A terminal as a user sees it: keys go in, a grid of characters comes out.
#pragma once

#include <gtest/gtest.h>

#include <chrono>
#include <condition_variable>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "devices/board.h"

namespace vnpu::devices {

class Screen : public Stream {
 public:
  explicit Screen(WindowSize size) : size_(size), rows_(size.rows, std::string(size.columns, ' ')) {}

  Errno write(std::span<const std::uint8_t> bytes, const std::stop_token&) override {
    std::scoped_lock lock(mutex_);
    for (const std::uint8_t byte : bytes) take(static_cast<char>(byte));
    changed_.notify_all();
    return Errno::ok;
  }
  void resize(WindowSize size) {
    std::scoped_lock lock(mutex_);
    size_ = size;
    rows_.resize(size.rows, std::string(size.columns, ' '));
    for (auto& row : rows_) row.resize(size.columns, ' ');
    clamp();
  }
  // Waits until it looks so; the test fails, showing the screen, when it never does.
  bool until(const std::function<bool(const Screen&)>& wanted) {
    std::unique_lock lock(mutex_);
    const bool out = changed_.wait_for(lock, std::chrono::seconds(30), [&] { return wanted(*this); });
    if (!out) ADD_FAILURE() << "the screen stays\n" << all() << "cursor " << line_ << "," << column_;
    return out;
  }
  bool shows(const std::string& text) {
    return until([&](const Screen& screen) { return screen.all().find(text) != std::string::npos; });
  }
  // For use within until().
  std::string row(std::size_t number) const {
    std::string out = number < rows_.size() ? rows_[number] : "";
    while (out.ends_with(' ')) out.pop_back();
    return out;
  }
  std::string all() const {
    std::string out;
    for (std::size_t i = 0; i < rows_.size(); ++i) out += row(i) + "\n";
    return out;
  }
  std::size_t line() const { return line_; }
  std::size_t column() const { return column_; }

 private:
  void clamp() {
    line_ = std::min<std::size_t>(line_, size_.rows - 1);
    column_ = std::min<std::size_t>(column_, size_.columns - 1);
  }
  void take(char c) {
    if (!escape_.empty()) {
      escape_ += c;
      if (escape_.size() == 2 && c != '[') escape_.clear();
      if (escape_.size() > 2 && c >= '@') sequence();
      return;
    }
    if (c == '\033') {
      escape_ = c;
    } else if (c == '\r') {
      column_ = 0;
    } else if (c == '\n') {
      if (++line_ == size_.rows) {
        rows_.erase(rows_.begin());
        rows_.emplace_back(size_.columns, ' ');
        --line_;
      }
    } else if (c == '\b') {
      if (column_) --column_;
    } else if (static_cast<unsigned char>(c) >= 32) {
      if (column_ >= size_.columns) {
        column_ = 0;
        take('\n');
      }
      rows_[line_][column_++] = c;
    }
  }
  void sequence() {
    const char kind = escape_.back();
    int numbers[2] = {0, 0};
    std::size_t which = 0;
    for (const char c : escape_) {
      if (c == ';') which = 1;
      if (c >= '0' && c <= '9') numbers[which] = numbers[which] * 10 + (c - '0');
    }
    escape_.clear();
    const auto many = static_cast<std::size_t>(std::max(1, numbers[0]));
    if (kind == 'H') {
      line_ = many - 1;
      column_ = static_cast<std::size_t>(std::max(1, numbers[1])) - 1;
      clamp();
    } else if (kind == 'K' || kind == 'J') {
      for (std::size_t i = column_; i < size_.columns; ++i) rows_[line_][i] = ' ';
      for (std::size_t i = line_ + 1; kind == 'J' && i < rows_.size(); ++i) rows_[i].assign(size_.columns, ' ');
    } else if (kind == 'A') {
      line_ -= std::min(line_, many);
    } else if (kind == 'C') {
      column_ += many;
      clamp();
    } else if (kind == 'D') {
      column_ -= std::min(column_, many);
    }
  }

  std::mutex mutex_;
  std::condition_variable changed_;
  WindowSize size_;
  std::vector<std::string> rows_;
  std::string escape_;
  std::size_t line_ = 0, column_ = 0;
};

// A login at a terminal of a board.
class AtTerminal {
 public:
  explicit AtTerminal(Board& board, WindowSize size = {80, 24})
      : screen(std::make_shared<Screen>(size)), terminal_(Terminal::make(screen, size)) {
    SessionRequest request;
    request.terminal = terminal_;
    session_ = board.start(std::move(request));
    screen->shows("~#");
  }
  void type(const std::string& keys) {
    terminal_->keys({reinterpret_cast<const std::uint8_t*>(keys.data()), keys.size()});
  }
  void resize(WindowSize size) {
    screen->resize(size);
    terminal_->resize(size);
  }
  // Types a line and waits for a text that it does not hold itself.
  void run(const std::string& line, const std::string& wanted) {
    type(line + "\r");
    screen->shows(wanted);
  }
  int leave(const std::string& keys = "exit\r") {
    if (::testing::Test::HasFailure()) {  // whatever runs there would not take the keys as meant
      session_->hang_up();
      return -1;
    }
    type(keys);
    return session_->wait();
  }

  std::shared_ptr<Screen> screen;

 private:
  std::shared_ptr<Terminal> terminal_;
  std::shared_ptr<Session> session_;
};

}  // namespace vnpu::devices
