// The board's UART: keys in, bytes out. One session at a time holds it.
#pragma once

#include <condition_variable>
#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "devices/stream.h"

namespace vnpu::devices::maix {

class Console {
 public:
  // Bytes go out as given, or with LF as CR LF (`cooked`).
  void attach(std::shared_ptr<Stream> out, bool cooked);
  void detach();

  // From any thread: bytes arrive. Ctrl-C calls `interrupt` instead of being kept while it is wanted.
  void receive(std::span<const std::uint8_t> bytes);
  void end_of_input();  // nothing will arrive any more
  void close();         // readers stop waiting
  std::function<void()> interrupt;
  void want_interrupt(bool wanted);

  // The next byte; none at the end of input or when closed.
  std::optional<std::uint8_t> key();
  std::size_t read(std::span<std::uint8_t> into);  // at least one byte; 0 at the end
  bool closed() const;

  void write(std::string_view bytes);  // as given
  // Text of programs: LF becomes CR LF; lines of tracebacks that speak of the firmware's own files are left out, as the
  // real firmware is native code.
  void print(std::string_view text);
  void flush_line();  // what was held back to see whether it is such a line

 private:
  void send(std::string_view bytes);

  mutable std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<std::uint8_t> keys_;
  bool want_interrupt_ = false, ended_ = false, closed_ = false, cooked_ = true;
  std::shared_ptr<Stream> out_;
  bool line_start_ = true, hiding_ = false;
  std::string held_;
};

}  // namespace vnpu::devices::maix
