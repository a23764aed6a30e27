#include "devices/task.h"

#include <bit>

namespace vnpu::devices {

void Task::signal(int number) {
  if (number <= 0 || number >= 64) return;
  std::stop_source stop, wake;
  std::shared_ptr<Task> child;
  std::function<void()> watcher;
  bool changed = false, kept = false;
  {
    std::scoped_lock lock(mutex_);
    const auto it = actions_.find(number);
    const Action action = it == actions_.end() ? Action::standard : it->second;
    if (number != signal_number::kill) {
      if (action == Action::ignore && number != signal_number::stop && number != signal_number::cont) return;
      const bool stops = number == signal_number::stop || number == signal_number::terminal_stop ||
                         number == signal_number::terminal_in || number == signal_number::terminal_out;
      // A hang-up also continues, as the kernel does with what nobody could continue any more.
      const bool continues = number == signal_number::cont || number == signal_number::hup;
      if (stops && (action == Action::standard || number == signal_number::stop)) {
        changed = stopped_ == 0;
        stopped_ = number;
        state_ = 'T';
      } else if (continues && stopped_) {
        changed = true;
        stopped_ = 0;
        state_ = 'S';
        if (!pending_) wake_ = std::stop_source();
        continued_.notify_all();
      }
      watcher = watcher_;
      // By default these do nothing more.
      const bool harmless = number == signal_number::child || number == signal_number::cont ||
                            number == signal_number::window || number == 23;
      kept = !(stops && stopped_) && !(action == Action::standard && harmless);
    } else {
      kept = true;
      continued_.notify_all();
    }
    if (kept) pending_ |= std::uint64_t{1} << number;
    stop = stop_;
    wake = wake_;
    if (!kept && !changed) {
      // nothing for a child
    } else if (action == Action::standard || number == signal_number::kill)
      child = running_;
  }
  // Unlocked: waiters run now.
  if (kept) stop.request_stop();
  if (kept || (changed && stopped_)) wake.request_stop();
  if (changed && watcher) watcher();
  if (child) child->signal(number);
}

std::shared_ptr<Task> Task::set_running(std::shared_ptr<Task> child) {
  std::shared_ptr<Task> now = child;
  int number = 0;
  {
    std::scoped_lock lock(mutex_);
    std::swap(running_, child);
    // What came just before must not be missed.
    for (int n = 1; n < 64 && now && !number; ++n) {
      const auto it = actions_.find(n);
      const bool ends = n == signal_number::kill || it == actions_.end() || it->second == Action::standard;
      if ((pending_ & (std::uint64_t{1} << n)) && ends) number = n;
    }
  }
  if (number) now->signal(number);
  return child;
}

void Task::set_action(int number, Action action) {
  std::scoped_lock lock(mutex_);
  actions_[number] = action;
}

Task::Action Task::action(int number) const {
  std::scoped_lock lock(mutex_);
  const auto it = actions_.find(number);
  return it == actions_.end() ? Action::standard : it->second;
}

std::stop_token Task::token() const {
  std::scoped_lock lock(mutex_);
  return stop_.get_token();
}

std::stop_token Task::wake_token() const {
  std::scoped_lock lock(mutex_);
  return wake_.get_token();
}

void Task::hold() {
  if (!stopped_) return;
  std::unique_lock lock(mutex_);
  continued_.wait(lock, [&] { return !stopped_ || (pending_ & (std::uint64_t{1} << signal_number::kill)); });
}

void Task::set_watcher(std::function<void()> watcher) {
  std::scoped_lock lock(mutex_);
  watcher_ = std::move(watcher);
}

int Task::pending() const {
  std::scoped_lock lock(mutex_);
  if (pending_ & (std::uint64_t{1} << signal_number::kill)) return signal_number::kill;
  return pending_ ? std::countr_zero(pending_) : 0;
}

int Task::take() {
  std::scoped_lock lock(mutex_);
  if (!pending_) return 0;
  int number = std::countr_zero(pending_);
  if (pending_ & (std::uint64_t{1} << signal_number::kill)) return signal_number::kill;  // stays
  pending_ &= ~(std::uint64_t{1} << number);
  if (!pending_) stop_ = std::stop_source();
  if (!pending_ && !stopped_) wake_ = std::stop_source();
  return number;
}

std::string Task::command() const {
  std::scoped_lock lock(mutex_);
  return command_;
}

void Task::set_command(std::string command) {
  std::scoped_lock lock(mutex_);
  command_ = std::move(command);
}

std::shared_ptr<Task> TaskTable::add(int parent, int group, std::uint32_t uid, std::string command,
                                     std::int64_t now_ns) {
  std::scoped_lock lock(mutex_);
  if (tasks_.size() >= limit_) return nullptr;
  do next_ = next_ >= 32767 ? 200 : next_ + 1;
  while (tasks_.contains(next_));
  auto task = std::make_shared<Task>(next_, parent, group ? group : next_);
  task->uid = uid;
  task->started_ns = now_ns;
  task->memory = 768 * 1024;  // a BusyBox process
  task->set_command(std::move(command));
  tasks_[next_] = task;
  return task;
}

void TaskTable::skip_to(int pid) {
  std::scoped_lock lock(mutex_);
  next_ = pid;
}

void TaskTable::remove(int pid) {
  std::scoped_lock lock(mutex_);
  tasks_.erase(pid);
}

std::shared_ptr<Task> TaskTable::find(int pid) const {
  std::scoped_lock lock(mutex_);
  const auto it = tasks_.find(pid);
  return it == tasks_.end() ? nullptr : it->second;
}

std::vector<std::shared_ptr<Task>> TaskTable::all() const {
  std::scoped_lock lock(mutex_);
  std::vector<std::shared_ptr<Task>> out;
  for (const auto& [pid, task] : tasks_) out.push_back(task);
  return out;
}

void TaskTable::open_session(std::uint64_t session) {
  std::scoped_lock lock(mutex_);
  sessions_.insert(session);
}

void TaskTable::close_session(std::uint64_t session) {
  {
    std::scoped_lock lock(mutex_);
    sessions_.erase(session);
  }
  for (const auto& task : all())
    if (task->session == session) task->signal(signal_number::hup);
}

void TaskTable::enter_session(Task& task, std::uint64_t session) {
  task.session = session;
  {
    std::scoped_lock lock(mutex_);
    if (sessions_.contains(session)) return;
  }
  task.signal(signal_number::hup);
}

std::size_t TaskTable::left_in_session(std::uint64_t session) const {
  std::size_t out = 0;
  for (const auto& task : all())
    out += task->session == session && task->action(signal_number::hup) != Task::Action::ignore;
  return out;
}

bool TaskTable::can_stop(int group) const {
  for (const auto& task : all()) {
    const auto parent = task->group() == group ? find(task->parent) : nullptr;
    if (parent && parent->session == task->session && parent->group() != group) return true;
  }
  return false;
}

void TaskTable::signal_group(int group, int number) {
  if (number == signal_number::terminal_stop && !can_stop(group)) return;
  for (const auto& task : all())
    if (task->group() == group) task->signal(number);
}

}  // namespace vnpu::devices
