#include "devices/tpu_queue.h"

#include <algorithm>

namespace vnpu::devices {

std::uint64_t TpuQueue::run(Task& task, const std::function<std::uint64_t()>& job) {
  // A program that waits for the TPU sleeps in the driver.
  struct InDriver {
    Task& task;
    explicit InDriver(Task& task) : task(task) { task.set_state('D'); }
    ~InDriver() { task.set_state('R'); }
  } in_driver(task);
  std::unique_lock lock(mutex_);
  const std::uint64_t ticket = next_ticket_++;
  order_.push_back(ticket);
  const auto leave = [&] {
    order_.erase(std::ranges::find(order_, ticket));
    turn_.notify_all();
  };
  if (!turn_.wait(lock, task.token(), [&] { return order_.front() == ticket; })) {
    leave();
    const int signal = task.pending();
    throw Killed{signal ? signal : signal_number::interrupt};
  }
  lock.unlock();
  std::uint64_t ns = 0;
  try {
    ns = job();
  } catch (...) {
    lock.lock();
    leave();
    throw;
  }
  task.tpu_ns += ns;
  lock.lock();
  ++use_.jobs;
  use_.busy_ns += ns;
  leave();
  return ns;
}

TpuQueue::Use TpuQueue::use() const {
  std::scoped_lock lock(mutex_);
  Use out = use_;
  out.waiting = order_.size();
  return out;
}

}  // namespace vnpu::devices
