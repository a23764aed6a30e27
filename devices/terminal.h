// A pseudo terminal: the line discipline between a user's keys and the board's programs (echo, erase, ^C, ^D, CR/LF).
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <string>

#include "devices/stream.h"

namespace vnpu::devices {

struct WindowSize {
  unsigned columns = 80, rows = 24;
};

class Terminal : public Stream, public std::enable_shared_from_this<Terminal> {
 public:
  // `output`: where the bytes for the user's screen go, already with CR LF. Its write may block (flow control), and is
  // called by one thread at a time.
  static std::shared_ptr<Terminal> make(std::shared_ptr<Stream> output, WindowSize size = {},
                                        std::string type = "xterm");

  // The host's side. Never blocks on programs; bytes beyond the input limit (64 KiB unread) are dropped, as a tty does.
  virtual void keys(std::span<const std::uint8_t> bytes) = 0;
  virtual std::size_t room() const = 0;      // bytes that keys() would take now
  virtual void resize(WindowSize size) = 0;  // SIGWINCH to the foreground
  virtual void hang_up() = 0;                // readers see the end, writers Errno::io

  // The programs' side (besides read and write of Stream).
  virtual WindowSize size() const = 0;
  virtual const std::string& type() const = 0;  // TERM
  // Raw: keys as typed, no echo, no signals but what `signals` keeps; output still turns LF into CR LF.
  struct Mode {
    bool canonical = true, echo = true, signals = true;
  };
  virtual Mode mode() const = 0;
  virtual void set_mode(Mode mode) = 0;
  // Waits this long for something to read; false: nothing came. Tells a lone ESC from the begin of a key's sequence.
  virtual bool readable_within(std::chrono::milliseconds time, const std::stop_token& stop) = 0;
  // The process group that gets SIGINT (^C), SIGTSTP (^Z), SIGQUIT (^\) and SIGWINCH; `deliver(group, signal)` is the
  // board's.
  virtual void set_foreground(int group) = 0;
  virtual int foreground() const = 0;
  virtual void set_deliver(std::function<void(int group, int signal)> deliver) = 0;

  Terminal* terminal() override { return this; }
};

}  // namespace vnpu::devices
