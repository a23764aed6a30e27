// A board's serial line on the host: a pseudo terminal for terminal programs and tools, or a TCP port.
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "devices/stream.h"

namespace vnpu::cli {

class Uart {
 public:
  virtual ~Uart() = default;
  virtual std::string place() const = 0;               // "/dev/pts/4", "127.0.0.1:4444"
  virtual std::shared_ptr<devices::Stream> in() = 0;   // what the user types
  virtual std::shared_ptr<devices::Stream> out() = 0;  // never blocks for long: what nobody takes is lost
};

// "pty", or "tcp:ADDRESS:PORT" (one connection at a time, a new one takes over; without an address 127.0.0.1, port 0 is
// any free one). Throws Error(usage) for another form or what cannot be opened.
std::unique_ptr<Uart> open_uart(const std::string& spec);

}  // namespace vnpu::cli
