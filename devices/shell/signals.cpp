// Names of signals, traps, and what pending signals do to a shell.
#include <cctype>

#include "devices/shell/shell.h"

namespace vnpu::devices::shell {

namespace {

struct Name {
  int number;
  const char* name;
  const char* text;
};
constexpr Name names[] = {
    {1, "HUP", "Hangup"},
    {2, "INT", "Interrupt"},
    {3, "QUIT", "Quit"},
    {4, "ILL", "Illegal instruction"},
    {5, "TRAP", "Trace/breakpoint trap"},
    {6, "ABRT", "Aborted"},
    {7, "BUS", "Bus error"},
    {8, "FPE", "Arithmetic exception"},
    {9, "KILL", "Killed"},
    {10, "USR1", "User defined signal 1"},
    {11, "SEGV", "Segmentation fault"},
    {12, "USR2", "User defined signal 2"},
    {13, "PIPE", "Broken pipe"},
    {14, "ALRM", "Alarm clock"},
    {15, "TERM", "Terminated"},
    {16, "STKFLT", "Stack fault"},
    {17, "CHLD", "Child process status"},
    {18, "CONT", "Continued"},
    {19, "STOP", "Stopped (signal)"},
    {20, "TSTP", "Stopped"},
    {21, "TTIN", "Stopped (tty input)"},
    {22, "TTOU", "Stopped (tty output)"},
    {23, "URG", "Urgent I/O condition"},
    {24, "XCPU", "CPU time limit exceeded"},
    {25, "XFSZ", "File size limit exceeded"},
    {26, "VTALRM", "Virtual timer expired"},
    {27, "PROF", "Profiling timer expired"},
    {28, "WINCH", "Window changed"},
    {29, "POLL", "I/O possible"},
    {30, "PWR", "Power failure"},
    {31, "SYS", "Bad system call"},
};

}  // namespace

const char* signal_name(int number) {
  for (const auto& entry : names)
    if (entry.number == number) return entry.name;
  return nullptr;
}

std::optional<int> signal_of(std::string text) {
  if (text.empty()) return std::nullopt;
  if (text.find_first_not_of("0123456789") == std::string::npos) {
    if (text.size() > 3 || std::stoi(text) > 64) return std::nullopt;
    return std::stoi(text);
  }
  for (char& c : text) c = static_cast<char>(std::toupper(static_cast<unsigned char>(c)));
  if (text == "EXIT") return 0;
  if (text.starts_with("SIG")) text.erase(0, 3);
  for (const auto& entry : names)
    if (text == entry.name) return entry.number;
  return std::nullopt;
}

const char* signal_message(int number) {
  for (const auto& entry : names)
    if (entry.number == number) return entry.text;
  return "Unknown signal";
}

void Shell::check_signals() {
  while (const int number = process.task->pending()) {
    if (number == signal_number::kill) throw Killed{number};
    const auto trap = traps.find(number);
    if (trap != traps.end()) {
      if (in_trap_) return;
      process.task->take();
      if (!trap->second.empty()) run_trap(number);
      continue;
    }
    if (options.interactive) {
      if (number == signal_number::hup || number == signal_number::pipe) throw Killed{number};
      process.task->take();
      if (number == signal_number::interrupt) throw Interrupted{};
      continue;
    }
    if (process.task->action(number) == Task::Action::ignore) {
      process.task->take();
      continue;
    }
    throw Killed{number};
  }
}

void Shell::run_trap(int number) {
  const std::string text = traps.at(number);
  const int before = status;
  in_trap_ = true;
  try {
    run_text(text);
  } catch (...) {
    in_trap_ = false;
    throw;
  }
  in_trap_ = false;
  status = before;
}

void Shell::run_exit_trap() {
  const auto it = traps.find(0);
  if (it == traps.end()) return;
  const std::string text = it->second;
  traps.erase(it);
  const int before = status;
  run_text(text);
  status = before;
}

}  // namespace vnpu::devices::shell
