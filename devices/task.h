// The board's processes: numbers, groups, signals, what ps shows.
#pragma once

#include <atomic>
#include <condition_variable>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <set>
#include <stop_token>
#include <string>
#include <vector>

namespace vnpu::devices {

namespace signal_number {
inline constexpr int hup = 1, interrupt = 2, quit = 3, abort = 6, kill = 9, usr1 = 10, segv = 11, usr2 = 12, pipe = 13,
                     alarm = 14, term = 15, child = 17, cont = 18, stop = 19, terminal_stop = 20, terminal_in = 21,
                     terminal_out = 22, window = 28;
}

// Thrown through a program that a signal ends; whoever started it turns this into status 128 + signal.
struct Killed {
  int signal;
};

// One process: what others may know of it and do to it.
class Task {
 public:
  enum class Action : std::uint8_t { standard, ignore, caught };

  const int pid, parent;
  int group() const { return group_; }
  void set_group(int group) { group_ = group; }

  // A signal arrives. What is not ignored stops the token; `caught` ones are kept for take().
  void signal(int number);
  void set_action(int number, Action action);
  Action action(int number) const;
  // The token to wait with; a new one when the last pending signal is taken.
  std::stop_token token() const;
  // The same for waits that a stop shall end as well (keys of a terminal are not for a stopped program).
  std::stop_token wake_token() const;
  // A stopped program goes on to its next call that waits here until SIGCONT (or SIGKILL).
  void hold();
  int stopped() const { return stopped_; }          // the signal that stopped it, 0: none
  void set_watcher(std::function<void()> watcher);  // called when it stops or goes on
  int pending() const;                              // lowest pending signal, 0 = none
  // While `child` runs in this task's thread, what would end this task is passed on to it. Returns the one before.
  std::shared_ptr<Task> set_running(std::shared_ptr<Task> child);
  int take();  // the same, and forgets it; when none is left the token is renewed

  // What ps and top show.
  std::string command() const;
  void set_command(std::string command);
  std::uint32_t uid = 0;
  std::atomic<std::uint64_t> session{0};
  char state() const { return state_; }
  void set_state(char state) { state_ = state; }  // R, S, Z
  std::atomic<std::uint64_t> cpu_ns{0};           // simulated time on the CPU
  std::atomic<std::uint64_t> tpu_ns{0};           // simulated time on the TPU
  std::atomic<std::uint64_t> memory{0};           // bytes resident
  std::int64_t started_ns = 0;                    // the board's clock

  Task(int pid, int parent, int group) : pid(pid), parent(parent), group_(group) {}

 private:
  std::atomic<int> group_;
  std::atomic<char> state_{'S'};
  mutable std::mutex mutex_;
  std::string command_;
  std::uint64_t pending_ = 0;  // bit n: signal n
  std::map<int, Action> actions_;
  std::stop_source stop_, wake_;
  std::atomic<int> stopped_{0};
  std::condition_variable continued_;
  std::function<void()> watcher_;
  std::shared_ptr<Task> running_;
};

// Sets the running child of a task for a scope.
class RunningChild {
 public:
  RunningChild(std::shared_ptr<Task> parent, std::shared_ptr<Task> child) : parent_(std::move(parent)) {
    if (parent_) before_ = parent_->set_running(std::move(child));
  }
  ~RunningChild() {
    if (parent_) parent_->set_running(std::move(before_));
  }
  RunningChild(const RunningChild&) = delete;
  RunningChild& operator=(const RunningChild&) = delete;

 private:
  std::shared_ptr<Task> parent_, before_;
};

class TaskTable {
 public:
  explicit TaskTable(std::size_t limit = 512) : limit_(limit) {}
  // group 0: its own. Null beyond the limit of processes ("can't fork").
  std::shared_ptr<Task> add(int parent, int group, std::uint32_t uid, std::string command, std::int64_t now_ns);
  void skip_to(int pid);  // the next number is above it
  void remove(int pid);
  std::shared_ptr<Task> find(int pid) const;
  std::vector<std::shared_ptr<Task>> all() const;  // by number
  void signal_group(int group, int number);
  // Whether somebody outside the group could continue it: a stop from the terminal counts only then.
  bool can_stop(int group) const;

  // A session that has ended starts nothing any more, but for what ignores SIGHUP.
  void open_session(std::uint64_t session);
  void close_session(std::uint64_t session);
  void enter_session(Task& task, std::uint64_t session);
  std::size_t left_in_session(std::uint64_t session) const;  // that do not ignore SIGHUP

 private:
  mutable std::mutex mutex_;
  std::size_t limit_;
  int next_ = 0;
  std::map<int, std::shared_ptr<Task>> tasks_;
  std::set<std::uint64_t> sessions_;
};

}  // namespace vnpu::devices
