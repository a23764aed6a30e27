// One login or one command: the process at its root and its end.
#include <chrono>
#include <thread>

#include "devices/board.h"
#include "devices/launch.h"

namespace vnpu::devices {

namespace {

struct State {
  std::mutex mutex;
  std::condition_variable changed;
  bool done = false;
  int status = 0;
};

class Running : public Session {
 public:
  Running(Board& board, std::uint64_t id, std::shared_ptr<Terminal> terminal, std::shared_ptr<State> state)
      : board_(board), id_(id), terminal_(std::move(terminal)), state_(std::move(state)) {}

  ~Running() override {
    if (!finished()) hang_up();
    wait();
  }
  std::uint64_t id() const override { return id_; }
  int wait() override {
    std::unique_lock lock(state_->mutex);
    state_->changed.wait(lock, [&] { return state_->done; });
    return state_->status;
  }
  bool finished() const override {
    std::scoped_lock lock(state_->mutex);
    return state_->done;
  }
  void signal(int number) override {
    if (terminal_) {
      board_.tasks().signal_group(terminal_->foreground(), number);
      return;
    }
    for (const auto& task : board_.tasks().all())
      if (task->session == id_) task->signal(number);
  }
  void hang_up() override {
    if (terminal_) terminal_->hang_up();
    to_all(signal_number::hup);
    {
      std::unique_lock lock(state_->mutex);
      if (state_->changed.wait_for(lock, std::chrono::milliseconds(500), [&] { return state_->done; })) return;
    }
    to_all(signal_number::kill);
  }

 private:
  void to_all(int number) {
    for (const auto& task : board_.tasks().all())
      if (task->session == id_) task->signal(number);
  }

  Board& board_;
  std::uint64_t id_;
  std::shared_ptr<Terminal> terminal_;
  std::shared_ptr<State> state_;
};

}  // namespace

std::shared_ptr<Session> Board::start(SessionRequest request, std::function<void(int)> done) {
  const std::uint64_t id = next_session_++;
  auto state = std::make_shared<State>();
  const auto login = find_user(request.user);
  auto task = login ? tasks_.add(1, 0, login->credentials.uid, "sh", now_ns()) : nullptr;
  if (!task) {
    state->done = true;
    state->status = 126;
    if (done) done(126);
    return std::make_shared<Running>(*this, id, request.terminal, state);
  }
  tasks_.open_session(id);
  task->session = id;

  if (request.typed) {
    const std::scoped_lock lock(typed_mutex_);
    typed_[id] = std::move(request.typed);
  }
  auto process = std::make_shared<Process>(*this, task);
  process->session = id;
  process->user = login->credentials;
  process->environment = {{"HOME", login->home},
                          {"LOGNAME", login->name},
                          {"PATH", data_.path},
                          {"SHELL", login->shell.empty() ? "/bin/sh" : login->shell},
                          {"USER", login->name}};
  if (request.terminal) {
    process->environment["TERM"] = request.terminal->type();
    for (int descriptor = 0; descriptor < 3; ++descriptor) process->descriptors[descriptor] = request.terminal;
    request.terminal->set_foreground(task->group());
    request.terminal->set_deliver([this](int group, int number) { tasks_.signal_group(group, number); });
  } else {
    process->descriptors[0] = request.in ? std::move(request.in) : null_stream();
    process->descriptors[1] = request.out ? std::move(request.out) : null_stream();
    process->descriptors[2] = request.err ? std::move(request.err) : null_stream();
  }
  for (auto& [name, value] : request.environment)
    if (!name.empty() && name.find('=') == std::string::npos) process->environment[name] = value;
  const std::string place = request.directory.value_or(login->home);
  const auto real = files_->real_path(process->user, place);
  process->cwd = real && files_->access(process->user, *real, 1) == Errno::ok ? *real : "/";
  process->environment["PWD"] = process->cwd;
  if (request.command) {
    process->argv = {"sh", "-c", *request.command};
    task->set_command("sh -c " + request.command->substr(0, 200));
  } else {
    process->argv = {"-sh"};
    task->set_command("-sh");
    if (!data_.motd.empty() && request.terminal) process->print(data_.motd);
  }

  auto session = std::make_shared<Running>(*this, id, request.terminal, state);
  start_thread([this, id, process, state, terminal = request.terminal, done = std::move(done)]() mutable {
    const Program shell = programs_.applet("sh");
    const ExitStatus ended = run_program(*process, shell);
    process.reset();  // its descriptors close
    if (terminal) {
      terminal->set_deliver({});
      terminal.reset();
    }
    // What was left behind ends with its session (nohup excepted); a moment is given to it.
    tasks_.close_session(id);
    for (int i = 0; i < 1000 && tasks_.left_in_session(id) > 0; ++i)
      std::this_thread::sleep_for(std::chrono::milliseconds(1));
    {
      const std::scoped_lock lock(typed_mutex_);
      typed_.erase(id);
    }
    if (done) done(ended.status);
    done = nullptr;
    std::scoped_lock lock(state->mutex);
    state->done = true;
    state->status = ended.status;
    state->changed.notify_all();
  });
  return session;
}

void Board::typed(std::uint64_t session, const std::string& line) {
  std::function<void(const std::string&)> tell;
  {
    const std::scoped_lock lock(typed_mutex_);
    const auto it = typed_.find(session);
    if (it != typed_.end()) tell = it->second;
  }
  if (tell) tell(line);
}

}  // namespace vnpu::devices
