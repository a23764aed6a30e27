// Jobs: what runs in threads of its own, in the foreground, in the background, or stopped.
#include "devices/board.h"
#include "devices/shell/shell.h"

namespace vnpu::devices::shell {

void Shell::start(const std::shared_ptr<Job>& job, std::shared_ptr<Task> task, std::function<ExitStatus()> body) {
  std::size_t index;
  {
    const std::scoped_lock lock(job->mutex);
    index = job->members.size();
    job->members.push_back({task, false, {}});
  }
  task->set_watcher([weak = std::weak_ptr<Job>(job)] {
    if (const auto watched = weak.lock()) {
      const std::scoped_lock lock(watched->mutex);
      watched->changed.notify_all();
    }
  });
  // The terminal belongs to a job in the foreground from its first moment on.
  if (Terminal* terminal = job->number == 0 ? control() : nullptr) terminal->set_foreground(job->group);
  process.board.start_thread([job, index, body = std::move(body)]() mutable {
    const ExitStatus ended = body();
    body = nullptr;
    const std::scoped_lock lock(job->mutex);
    job->members[index].done = true;
    job->members[index].ended = ended;
    job->changed.notify_all();
  });
}

int Shell::foreground(const std::shared_ptr<Job>& job) {
  Terminal* terminal = control();
  if (terminal) terminal->set_foreground(job->group);
  const auto back = [&] {
    if (!terminal) return;
    terminal->set_foreground(process.task->group());
    terminal->set_mode({});
  };
  std::unique_lock lock(job->mutex);
  while (!job->changed.wait(lock, process.task->token(), [&] { return job->done() || job->stopped(); })) {
    lock.unlock();
    back();
    check_signals();
    if (terminal) terminal->set_foreground(job->group);
    lock.lock();
  }
  const int stopped = job->done() ? 0 : job->stopped();
  job->told_stop = stopped;
  const ExitStatus ended = job->members.back().ended;
  lock.unlock();
  back();
  if (stopped) {
    list_job(job);
    process.complain(job_line(*this, *job, false));
    return 128 + stopped;
  }
  std::erase(jobs, job);
  say_signal(ended);
  return ended.status;
}

void Shell::list_job(const std::shared_ptr<Job>& job) {
  std::erase(jobs, job);
  if (job->number == 0) {
    job->number = 1;
    for (const auto& other : jobs) job->number = std::max(job->number, other->number + 1);
  }
  // The current one stands last; what runs comes before what is stopped.
  auto place = jobs.end();
  const auto stopped = [](const auto& one) {
    const std::scoped_lock lock(one->mutex);
    return one->stopped() != 0;
  };
  if (!stopped(job))
    while (place != jobs.begin() && stopped(*(place - 1))) --place;
  jobs.insert(place, job);
}

int Shell::background(const Node& node) {
  auto inner = subshell(node.source.empty() ? name : node.source, options.monitor ? 0 : process.task->group());
  auto job = std::make_shared<Job>();
  const auto task = inner->process.task;
  job->group = task->group();
  job->text = node.source;
  if (!options.monitor) {
    inner->process.descriptors[0] = null_stream();
    task->set_action(signal_number::interrupt, Task::Action::ignore);
    task->set_action(signal_number::quit, Task::Action::ignore);
  }
  last_background = task->pid;
  list_job(job);
  // The node lives as long as the thread.
  auto body = std::make_shared<Node>(node);
  start(job, task, [body, shell = std::move(inner)]() mutable {
    const bool plain = body->kind == Node::Kind::subshell && body->redirects.empty();
    const ExitStatus ended = shell->bounded(plain ? *body->children[0] : *body);
    shell.reset();
    return ended;
  });
  return 0;
}

int Shell::wait_for(Job& job) {
  std::unique_lock lock(job.mutex);
  while (!job.changed.wait(lock, process.task->token(), [&] { return job.done(); })) {
    lock.unlock();
    const int number = process.task->pending();
    check_signals();
    if (number && options.interactive) return 128 + number;
    if (number && traps.contains(number)) return 128 + number;
    lock.lock();
  }
  return job.members.empty() ? 0 : job.members.back().ended.status;
}

void Shell::say_signal(const ExitStatus& ended) {
  if (ended.signal == 0) return;
  if (ended.signal == signal_number::interrupt) {
    if (options.interactive) process.complain("\n");
    return;
  }
  if (ended.signal == signal_number::pipe) return;
  process.complain(std::string(signal_message(ended.signal)) + "\n");
}

std::string job_line(const Shell& shell, Job& job, bool with_pid) {
  const auto& jobs = shell.jobs;
  const std::scoped_lock lock(job.mutex);
  char mark = ' ';
  if (!jobs.empty() && jobs.back().get() == &job) mark = '+';
  if (jobs.size() > 1 && jobs[jobs.size() - 2].get() == &job) mark = '-';
  std::string text = "[" + std::to_string(job.number) + "]" + mark + "  ";
  if (with_pid) text += std::to_string(job.pid()) + " ";
  const ExitStatus& ended = job.members.back().ended;
  if (!job.done()) {
    text += job.stopped() ? signal_message(job.stopped()) : "Running";
  } else if (ended.signal) {
    text += signal_message(ended.signal);
  } else if (ended.status) {
    text += "Done(" + std::to_string(ended.status) + ")";
  } else {
    text += "Done";
  }
  text.append(text.size() < 33 ? 33 - text.size() : 0, ' ');
  return text + job.text + "\n";
}

bool Shell::warn_of_stopped_jobs() {
  const bool any = std::ranges::any_of(jobs, [](const auto& job) {
    const std::scoped_lock lock(job->mutex);
    return !job->done() && job->stopped();
  });
  if (!options.interactive || !any || exit_warned) return false;
  process.complain("You have stopped jobs.\n");
  return exit_warned = true;
}

void Shell::report_jobs() {
  std::string text;
  for (auto it = jobs.rbegin(); it != jobs.rend(); ++it) {
    Job& job = **it;
    bool tell;
    {
      const std::scoped_lock lock(job.mutex);
      const int stopped = job.done() ? 0 : job.stopped();
      tell = job.done() || (stopped && stopped != job.told_stop);
      job.told_stop = stopped;
    }
    if (tell) text += job_line(*this, job, false);
  }
  std::erase_if(jobs, [](const auto& job) {
    const std::scoped_lock lock(job->mutex);
    return job->done();
  });
  if (!text.empty()) process.complain(text);
}

}  // namespace vnpu::devices::shell
