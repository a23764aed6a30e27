// A bounded byte queue between the thread of a connection, which never blocks, and threads of the board, which do.
#pragma once

#include <condition_variable>
#include <cstdint>
#include <memory>
#include <mutex>
#include <span>
#include <vector>

#include "devices/stream.h"
#include "host/ssh/endpoint.h"

namespace vnpu::ssh {

class ByteQueue {
 public:
  ByteQueue(std::size_t capacity, Ring ring) : capacity_(capacity), ring_(std::move(ring)) {}

  // The connection's side.
  std::size_t offer(std::span<const std::uint8_t> bytes);  // bytes taken; all of them when nobody reads any more
  std::size_t take(std::span<std::uint8_t> into);
  bool empty() const;
  std::size_t size() const;
  void end();      // after the last offer: the reader sees the end
  void abandon();  // nobody will take any more: writers get Errno::pipe

  // While held, writers do not wait for room: the connection's thread may be about to wait for what they hold.
  class Overflow {
   public:
    explicit Overflow(ByteQueue& queue) : queue_(queue) { queue_.set_overflow(true); }
    ~Overflow() { queue_.set_overflow(false); }

   private:
    ByteQueue& queue_;
  };

  // The board's side: streams that close their end when their last owner lets go.
  static std::shared_ptr<devices::Stream> reader(std::shared_ptr<ByteQueue> queue);
  static std::shared_ptr<devices::Stream> writer(std::shared_ptr<ByteQueue> queue);

 private:
  class Reader;
  class Writer;
  void set_overflow(bool on);
  devices::Result<std::size_t> read(std::span<std::uint8_t> into, const std::stop_token& stop);
  devices::Errno write(std::span<const std::uint8_t> bytes, const std::stop_token& stop);
  std::size_t pop(std::span<std::uint8_t> into);

  const std::size_t capacity_;
  const Ring ring_;
  mutable std::mutex mutex_;
  std::condition_variable_any changed_;
  std::vector<std::uint8_t> bytes_;
  std::size_t at_ = 0;
  bool ended_ = false;      // by the writing side
  bool abandoned_ = false;  // by the reading side
  bool overflow_ = false;
  bool short_of_room_ = false;  // the last offer was not taken whole
};

}  // namespace vnpu::ssh
