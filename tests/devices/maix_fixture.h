// A Maix board to run scripts on, and to talk to over its console.
#pragma once

#include <gtest/gtest.h>

#include <chrono>
#include <condition_variable>
#include <mutex>
#include <string>

#include "devices/maix/board.h"
#include "devices/stream.h"

namespace vnpu::devices {

struct Outcome {
  int status;
  std::string out, err;
};

class MaixTest : public testing::Test {
 protected:
  void SetUp() override {
    if (!MicroPython::installed()) GTEST_SKIP() << "the MicroPython guest is not installed (tools/guest/install.sh)";
  }
  maix::MaixBoard& open(const BoardOptions& options = {}) {
    board = open_machine("maix-k210", options);
    return dynamic_cast<maix::MaixBoard&>(*board);
  }
  void put(const std::string& path, const std::string& bytes) {
    if (!board) open();
    ASSERT_EQ(board->files().write_file({}, path, bytes), Errno::ok) << path;
  }
  Outcome python(const std::string& source) {
    if (!board) open();
    const auto out = Collector::make(), err = Collector::make();
    SessionRequest request;
    request.command = source;
    request.out = out;
    request.err = err;
    const int status = board->run(std::move(request));
    return {status, out->take(), err->take()};
  }
  std::unique_ptr<Machine> board;
};

// The other end of the serial line.
class Wire : public Stream {
 public:
  Errno write(std::span<const std::uint8_t> bytes, const std::stop_token&) override {
    const std::scoped_lock lock(mutex_);
    text_.append(reinterpret_cast<const char*>(bytes.data()), bytes.size());
    changed_.notify_all();
    return Errno::ok;
  }
  // What came up to and with `end`; all there is when it does not come.
  std::string until(const std::string& end) {
    std::unique_lock lock(mutex_);
    changed_.wait_for(lock, std::chrono::seconds(120), [&] { return text_.find(end, read_) != std::string::npos; });
    const std::size_t at = text_.find(end, read_), stop = at == std::string::npos ? text_.size() : at + end.size();
    const std::string out = text_.substr(read_, stop - read_);
    read_ = stop;
    return out;
  }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  std::string text_;
  std::size_t read_ = 0;
};

class MaixConsole : public MaixTest {
 protected:
  void TearDown() override { session.reset(); }
  void power_on() {
    if (!board) open();
    wire = std::make_shared<Wire>();
    keys = make_pipe();
    SessionRequest request;
    request.in = keys.read_end;
    request.out = wire;
    keys.read_end.reset();
    session = board->start(std::move(request));
  }
  void type(const std::string& text) {
    keys.write_end->write({reinterpret_cast<const std::uint8_t*>(text.data()), text.size()}, std::stop_token{});
  }
  std::string until(const std::string& end) { return wire->until(end); }
  std::string prompt() { return until(">>> "); }
  // As tools do it: source between Ctrl-A's prompt and Ctrl-D; output and error.
  std::pair<std::string, std::string> raw(const std::string& source) {
    type(source + "\x04");
    EXPECT_EQ(until("OK"), "OK");
    std::string out = until("\x04"), err = until("\x04");
    EXPECT_EQ(until(">"), ">");
    out.pop_back();
    err.pop_back();
    return {out, err};
  }
  std::shared_ptr<Wire> wire;
  Pipe keys;
  std::shared_ptr<Session> session;
};

}  // namespace vnpu::devices
