#include "devices/launch.h"

#include <new>

#include "base/error.h"
#include "devices/board.h"
#include "devices/loader.h"

namespace vnpu::devices {

namespace {

constexpr std::string_view elf_magic =
    "\x7f"
    "ELF";

Result<std::string> executable_at(const Process& process, const std::string& path) {
  const std::string full = process.path(path);
  const auto status = process.files().stat(process.user, full);
  if (!status) return status.error();
  if (status->type == FileType::directory) return Errno::acces;
  if (const Errno error = process.files().access(process.user, full, 1); error != Errno::ok) return error;
  return full;
}

}  // namespace

std::optional<std::string> search_path_for(const Process& process, const std::string& name, const std::string& path) {
  for (std::size_t at = 0; at <= path.size();) {
    const std::size_t end = std::min(path.find(':', at), path.size());
    std::string candidate = path.substr(at, end - at);
    if (candidate.empty()) candidate = ".";
    if (!candidate.ends_with('/')) candidate += '/';
    candidate += name;
    at = end + 1;
    if (executable_at(process, candidate)) return candidate;
  }
  return std::nullopt;
}

Result<Executable> find_executable(const Process& process, const std::string& name,
                                   const std::vector<std::string>& argv, const std::string* search_path) {
  std::string path = name;
  if (name.empty()) return Errno::noent;
  if (name.find('/') == std::string::npos) {
    if (!search_path) return Errno::noent;
    auto found = search_path_for(process, name, *search_path);
    if (!found) return Errno::noent;
    path = *found;
  }
  Executable out;
  out.argv = argv;
  for (int scripts = 0; scripts < 5; ++scripts) {
    const auto full = executable_at(process, path);
    if (!full) return full.error();
    const auto real = process.files().real_path({}, *full);
    const auto file = process.files().open({}, *full, open_flag::read);
    if (!real || !file) return Errno::io;
    std::uint8_t head[256];
    const auto got = (*file)->read_at(0, head);
    const std::string_view start(reinterpret_cast<const char*>(head), got ? *got : 0);
    const std::string base(base_name(*real));
    if (start.starts_with(elf_magic) || start.empty()) {
      if (base == "busybox") {
        out.program = process.board.programs().applet(std::string(base_name(path)));
      } else {
        out.program = process.board.programs().vendor(base);
        if (out.program && process.board.options().strict_hardware) out.program = checked_start;
      }
      if (!out.program && start.empty()) {
        out.plain_script = path;
      } else if (!out.program) {
        out.refusal = path + ": this board runs no machine code: only the programs that `help` and `busybox` list";
      }
      return out;
    }
    if (!start.starts_with("#!")) {
      out.plain_script = path;
      return out;
    }
    const std::size_t end = start.find('\n');
    std::string line(start.substr(2, (end == std::string_view::npos ? start.size() : end) - 2));
    while (!line.empty() && (line.back() == ' ' || line.back() == '\t' || line.back() == '\r')) line.pop_back();
    const std::size_t from = std::min(line.find_first_not_of(" \t"), line.size());
    const std::size_t to = std::min(line.find_first_of(" \t", from), line.size());
    const std::string interpreter = line.substr(from, to - from);
    const std::size_t argument = line.find_first_not_of(" \t", to);
    if (interpreter.empty()) return Errno::noexec;
    std::vector<std::string> next{interpreter};
    if (argument != std::string::npos) next.push_back(line.substr(argument));
    next.push_back(path);
    next.insert(next.end(), out.argv.begin() + (out.argv.empty() ? 0 : 1), out.argv.end());
    out.argv = std::move(next);
    path = interpreter;
  }
  return Errno::loop;
}

ExitStatus run_program(Process& process, Program program) {
  ExitStatus out;
  auto parent = process.board.tasks().find(process.task->parent);
  if (parent && parent->session != process.task->session) parent = nullptr;  // the root of a session
  const RunningChild running(parent, process.task);
  try {
    process.task->set_state('R');
    process.check_signals();
    out.status = program(process) & 255;
  } catch (const Killed& killed) {
    out = {128 + killed.signal, killed.signal};
  } catch (const Error& error) {
    process.complain((process.argv.empty() ? "" : process.argv[0] + ": ") + error.what() + "\n");
    out.status = 1;
  } catch (const std::bad_alloc&) {
    out = {128 + signal_number::kill, signal_number::kill};
  }
  process.task->set_state('Z');
  if (parent) {
    parent->cpu_ns += process.task->cpu_ns;
    parent->tpu_ns += process.task->tpu_ns;
  }
  process.board.tasks().remove(process.task->pid);
  return out;
}

}  // namespace vnpu::devices
