#include "host/ssh/byte_queue.h"

#include <algorithm>

namespace vnpu::ssh {

using devices::Errno;

class ByteQueue::Reader : public devices::Stream {
 public:
  explicit Reader(std::shared_ptr<ByteQueue> queue) : queue_(std::move(queue)) {}
  ~Reader() override { queue_->abandon(); }
  devices::Result<std::size_t> read(std::span<std::uint8_t> into, const std::stop_token& stop) override {
    return queue_->read(into, stop);
  }

 private:
  std::shared_ptr<ByteQueue> queue_;
};

class ByteQueue::Writer : public devices::Stream {
 public:
  explicit Writer(std::shared_ptr<ByteQueue> queue) : queue_(std::move(queue)) {}
  ~Writer() override { queue_->end(); }
  Errno write(std::span<const std::uint8_t> bytes, const std::stop_token& stop) override {
    return queue_->write(bytes, stop);
  }

 private:
  std::shared_ptr<ByteQueue> queue_;
};

std::shared_ptr<devices::Stream> ByteQueue::reader(std::shared_ptr<ByteQueue> queue) {
  return std::make_shared<Reader>(std::move(queue));
}

std::shared_ptr<devices::Stream> ByteQueue::writer(std::shared_ptr<ByteQueue> queue) {
  return std::make_shared<Writer>(std::move(queue));
}

std::size_t ByteQueue::size() const {
  const std::lock_guard lock(mutex_);
  return bytes_.size() - at_;
}

bool ByteQueue::empty() const { return size() == 0; }

std::size_t ByteQueue::offer(std::span<const std::uint8_t> bytes) {
  const std::lock_guard lock(mutex_);
  if (abandoned_) return bytes.size();
  const std::size_t used = bytes_.size() - at_;
  const std::size_t room = used < capacity_ ? capacity_ - used : 0;
  const std::size_t count = std::min(room, bytes.size());
  short_of_room_ = count < bytes.size();
  if (at_ > capacity_ || at_ == bytes_.size()) {
    bytes_.erase(bytes_.begin(), bytes_.begin() + static_cast<std::ptrdiff_t>(at_));
    at_ = 0;
  }
  bytes_.insert(bytes_.end(), bytes.begin(), bytes.begin() + static_cast<std::ptrdiff_t>(count));
  changed_.notify_all();
  return count;
}

std::size_t ByteQueue::pop(std::span<std::uint8_t> into) {
  const std::size_t count = std::min(into.size(), bytes_.size() - at_);
  std::copy_n(bytes_.begin() + static_cast<std::ptrdiff_t>(at_), count, into.begin());
  at_ += count;
  if (at_ == bytes_.size()) {
    bytes_.clear();
    at_ = 0;
  }
  changed_.notify_all();
  return count;
}

std::size_t ByteQueue::take(std::span<std::uint8_t> into) {
  const std::lock_guard lock(mutex_);
  return pop(into);
}

void ByteQueue::end() {
  {
    const std::lock_guard lock(mutex_);
    ended_ = true;
  }
  changed_.notify_all();
  if (ring_) ring_();
}

void ByteQueue::abandon() {
  {
    const std::lock_guard lock(mutex_);
    abandoned_ = true;
    bytes_.clear();
    at_ = 0;
  }
  changed_.notify_all();
  if (ring_) ring_();
}

void ByteQueue::set_overflow(bool on) {
  {
    const std::lock_guard lock(mutex_);
    overflow_ = on;
  }
  if (on) changed_.notify_all();
}

devices::Result<std::size_t> ByteQueue::read(std::span<std::uint8_t> into, const std::stop_token& stop) {
  std::unique_lock lock(mutex_);
  if (!changed_.wait(lock, stop, [&] { return at_ < bytes_.size() || ended_ || abandoned_; })) return Errno::intr;
  const std::size_t count = pop(into);
  const bool ring = short_of_room_ && count;
  if (ring) short_of_room_ = false;
  lock.unlock();
  if (ring && ring_) ring_();
  return count;
}

Errno ByteQueue::write(std::span<const std::uint8_t> bytes, const std::stop_token& stop) {
  std::unique_lock lock(mutex_);
  while (!bytes.empty()) {
    const auto used = [&] { return bytes_.size() - at_; };
    if (!changed_.wait(lock, stop, [&] { return used() < capacity_ || abandoned_ || overflow_; })) return Errno::intr;
    if (abandoned_) return Errno::pipe;
    const std::size_t room = overflow_ ? bytes.size() : capacity_ - used();
    const std::size_t count = std::min(room, bytes.size());
    if (at_ > capacity_) {
      bytes_.erase(bytes_.begin(), bytes_.begin() + static_cast<std::ptrdiff_t>(at_));
      at_ = 0;
    }
    const bool was_empty = used() == 0;
    bytes_.insert(bytes_.end(), bytes.begin(), bytes.begin() + static_cast<std::ptrdiff_t>(count));
    bytes = bytes.subspan(count);
    if (was_empty || bytes.empty()) {
      lock.unlock();
      if (ring_) ring_();
      lock.lock();
    }
  }
  return Errno::ok;
}

}  // namespace vnpu::ssh
