#include "devices/process.h"

#include <chrono>
#include <condition_variable>
#include <mutex>

#include "devices/board.h"
#include "devices/launch.h"

namespace vnpu::devices {

Process Process::copy(std::shared_ptr<Task> other) const {
  Process out(board, std::move(other));
  out.argv = argv;
  out.environment = environment;
  out.cwd = cwd;
  out.umask = umask;
  out.user = user;
  out.descriptors = descriptors;
  out.depth = depth;
  out.session = session;
  return out;
}

Vfs& Process::files() const { return board.files(); }

const std::string* Process::variable(const std::string& name) const {
  const auto it = environment.find(name);
  return it == environment.end() ? nullptr : &it->second;
}

void Process::check_signals() {
  task->hold();
  for (int number; (number = task->pending()) != 0;) {
    if (number == signal_number::kill || task->action(number) == Task::Action::standard) throw Killed{number};
    if (task->action(number) == Task::Action::caught) return;  // the shell takes it
    task->take();
  }
}

Result<std::size_t> Process::read(std::span<std::uint8_t> into, int descriptor) {
  const auto rest = line_rest_.find(descriptor);
  if (rest != line_rest_.end() && !rest->second.empty()) {
    const std::size_t length = std::min(into.size(), rest->second.size());
    std::copy_n(rest->second.begin(), length, into.begin());
    rest->second.erase(0, length);
    return length;
  }
  const auto it = descriptors.find(descriptor);
  if (it == descriptors.end()) return Errno::badf;
  return read_stream(*it->second, into);
}

Result<std::size_t> Process::read_stream(Stream& stream, std::span<std::uint8_t> into) {
  for (;;) {
    const Terminal* terminal = stream.terminal();
    // Keys are for the foreground; others wait until they are brought there.
    if (terminal && terminal->foreground() != task->group() && board.tasks().can_stop(task->group())) {
      board.tasks().signal_group(task->group(), signal_number::terminal_in);
      check_signals();
      if (task->action(signal_number::terminal_in) == Task::Action::ignore) return Errno::io;
      if (task->pending()) return Errno::intr;
      continue;
    }
    const auto got = stream.read(into, terminal ? task->wake_token() : task->token());
    if (got || got.error() != Errno::intr) return got;
    check_signals();
    if (task->pending()) return got;  // the caller's to handle
  }
}

Result<std::string> Process::read_all(std::size_t limit, int descriptor) {
  std::string out;
  std::uint8_t buffer[16384];
  for (;;) {
    check_signals();
    const auto got = read(buffer, descriptor);
    if (!got) return got.error();
    if (*got == 0) return out;
    if (out.size() + *got > limit) return Errno::fbig;
    out.append(reinterpret_cast<const char*>(buffer), *got);
  }
}

std::optional<std::string> Process::read_line(int descriptor) {
  std::string& rest = line_rest_[descriptor];
  for (std::size_t searched = 0;;) {
    const std::size_t end = rest.find('\n', searched);
    if (end != std::string::npos) {
      std::string line = rest.substr(0, end);
      rest.erase(0, end + 1);
      return line;
    }
    searched = rest.size();
    const auto it = descriptors.find(descriptor);
    if (it == descriptors.end()) return std::nullopt;
    std::uint8_t buffer[4096];
    const auto got = read_stream(*it->second, buffer);
    if (!got || *got == 0 || rest.size() > (std::size_t{64} << 20)) {
      if (rest.empty()) return std::nullopt;
      return std::exchange(rest, {});
    }
    rest.append(reinterpret_cast<const char*>(buffer), *got);
  }
}

Errno Process::write(std::string_view text, int descriptor) {
  task->hold();
  const auto it = descriptors.find(descriptor);
  if (it == descriptors.end()) return Errno::badf;
  const Errno error =
      it->second->write({reinterpret_cast<const std::uint8_t*>(text.data()), text.size()}, task->token());
  if (error == Errno::pipe && task->action(signal_number::pipe) == Task::Action::standard)
    throw Killed{signal_number::pipe};
  if (error == Errno::intr) check_signals();
  return error;
}

Result<std::shared_ptr<Stream>> Process::open(std::string_view name, unsigned flags, std::uint32_t permissions) const {
  const auto descriptor = [&](int number) -> Result<std::shared_ptr<Stream>> {
    const auto it = descriptors.find(number);
    if (it == descriptors.end()) return Errno::noent;
    return it->second;
  };
  if (name == "/dev/stdin" || name == "/proc/self/fd/0") return descriptor(0);
  if (name == "/dev/stdout" || name == "/proc/self/fd/1") return descriptor(1);
  if (name == "/dev/stderr" || name == "/proc/self/fd/2") return descriptor(2);
  if (name == "/dev/tty") {
    for (const auto& [number, stream] : descriptors)
      if (stream->terminal()) return stream;
    return Errno::io;
  }
  auto file = files().open(user, path(name), flags, permissions & ~umask);
  if (!file) return file.error();
  return file_stream(std::move(*file));
}

bool Process::is_terminal(int descriptor) const {
  const auto it = descriptors.find(descriptor);
  return it != descriptors.end() && it->second->terminal() != nullptr;
}

WindowSize Process::window() const {
  for (const int descriptor : {1, 0, 2}) {
    const auto it = descriptors.find(descriptor);
    if (it != descriptors.end())
      if (const Terminal* terminal = it->second->terminal()) return terminal->size();
  }
  return {};
}

void Process::sleep_ns(std::uint64_t ns) {
  std::mutex mutex;
  std::condition_variable_any never;
  std::unique_lock lock(mutex);
  const auto limit = std::chrono::nanoseconds(std::min<std::uint64_t>(ns, std::uint64_t{1} << 60));
  const auto deadline = std::chrono::steady_clock::now() + limit;
  task->set_state('S');
  never.wait_until(lock, task->token(), deadline, [] { return false; });
  task->set_state('R');
  check_signals();
}

int Process::run(const std::vector<std::string>& argv) { return run(argv, environment); }

int Process::run(const std::vector<std::string>& argv, const std::map<std::string, std::string>& environment) {
  if (argv.empty()) return 0;
  const auto path = environment.find("PATH");
  const std::string usual = "/bin:/usr/bin";
  auto found = find_executable(*this, argv[0], argv, path == environment.end() ? &usual : &path->second);
  const std::string me = this->argv.empty() ? "sh" : this->argv[0];
  if (found && !found->plain_script.empty()) {
    std::vector<std::string> script{"sh", found->plain_script};
    script.insert(script.end(), argv.begin() + 1, argv.end());
    found->argv = script;
    found->program = board.programs().applet("sh");
  }
  if (!found || !found->program) {
    const Errno error = found ? Errno::noexec : found.error();
    complain(me + ": " + (found && !found->refusal.empty() ? found->refusal : argv[0] + ": " + message(error)) + "\n");
    return error == Errno::noent ? 127 : 126;
  }
  if (depth > 200) {
    complain(me + ": can't fork\n");
    return 126;
  }
  std::string text;
  for (const auto& word : found->argv) text += (text.empty() ? "" : " ") + word;
  auto child_task = board.tasks().add(task->pid, task->group(), user.uid, text, board.now_ns());
  if (!child_task) {
    complain(me + ": can't fork: Resource temporarily unavailable\n");
    return 126;
  }
  for (const int number : {signal_number::hup, signal_number::interrupt, signal_number::quit})
    if (task->action(number) == Task::Action::ignore) child_task->set_action(number, Task::Action::ignore);
  board.tasks().enter_session(*child_task, session);
  Process child = copy(child_task);
  child.argv = found->argv;
  child.environment = environment;
  child.depth = depth + 10;
  return run_program(child, found->program).status;
}

void ProgramTable::add_applet(const std::string& name, Program program, const std::string& directory) {
  applets_[name] = {program, directory};
}
void ProgramTable::add_vendor(const std::string& name, Program program) { vendor_[name] = program; }

Program ProgramTable::applet(const std::string& name) const {
  const auto it = applets_.find(name);
  return it == applets_.end() ? nullptr : it->second.first;
}

Program ProgramTable::vendor(const std::string& name) const {
  const auto it = vendor_.find(name);
  return it == vendor_.end() ? nullptr : it->second;
}

}  // namespace vnpu::devices
