// The board has one TPU: jobs of all sessions run on it one after another, in order of arrival.
#pragma once

#include <condition_variable>
#include <cstdint>
#include <deque>
#include <functional>
#include <mutex>

#include "devices/task.h"

namespace vnpu::devices {

class TpuQueue {
 public:
  // Waits for its turn, runs `job` in the calling thread and returns the simulated nanoseconds the job says it took;
  // they are added to the task. Deterministic per job: neither other jobs nor the host's clock enter them.
  // Throws Killed when a signal ends the wait (a job that has begun is finished, as the hardware does).
  std::uint64_t run(Task& task, const std::function<std::uint64_t()>& job);

  struct Use {
    std::uint64_t jobs = 0;     // finished
    std::uint64_t busy_ns = 0;  // simulated
    std::size_t waiting = 0;    // now, with the running one
  };
  Use use() const;

 private:
  mutable std::mutex mutex_;
  std::condition_variable_any turn_;
  std::deque<std::uint64_t> order_;
  std::uint64_t next_ticket_ = 0;
  Use use_;
};

}  // namespace vnpu::devices
