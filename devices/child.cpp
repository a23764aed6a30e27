#include "devices/child.h"

#include <condition_variable>
#include <mutex>

#include "devices/board.h"
#include "devices/launch.h"

namespace vnpu::devices {

struct Child::State {
  std::mutex mutex;
  std::condition_variable_any changed;
  bool done = false;
  int status = 0;
};

std::unique_ptr<Child> Child::start(Process& process, const std::string& command, Side side) {
  const Program shell = process.board.programs().applet("sh");
  auto task = process.depth > 200
                  ? nullptr
                  : process.board.tasks().add(process.task->pid, process.task->group(), process.user.uid,
                                              "sh -c " + command.substr(0, 200), process.board.now_ns());
  if (!task || !shell) {
    process.complain((process.argv.empty() ? "sh" : process.argv[0]) +
                     ": can't fork: Resource temporarily unavailable\n");
    return nullptr;
  }
  process.board.tasks().enter_session(*task, process.session);
  auto child = std::make_shared<Process>(process.copy(task));
  child->argv = {"sh", "-c", command};
  child->depth = process.depth + 10;
  Pipe pipe = make_pipe();
  child->descriptors[side == Side::reads_from_it ? 1 : 0] =
      std::move(side == Side::reads_from_it ? pipe.write_end : pipe.read_end);
  auto state = std::make_shared<State>();
  process.board.start_thread([child, state, shell]() mutable {
    const ExitStatus ended = run_program(*child, shell);
    child.reset();  // its end of the pipe closes
    std::scoped_lock lock(state->mutex);
    state->done = true;
    state->status = ended.status;
    state->changed.notify_all();
  });
  return std::unique_ptr<Child>(
      new Child(process, std::move(side == Side::reads_from_it ? pipe.read_end : pipe.write_end), std::move(state)));
}

Child::~Child() = default;

int Child::close() {
  stream_.reset();
  std::unique_lock lock(state_->mutex);
  while (!state_->changed.wait(lock, process_.task->token(), [&] { return state_->done; })) {
    lock.unlock();
    process_.check_signals();
    lock.lock();
  }
  return state_->status;
}

}  // namespace vnpu::devices
