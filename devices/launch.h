// Starting a program by its path or name: the boards' execve.
#pragma once

#include <string>
#include <vector>

#include "devices/process.h"

namespace vnpu::devices {

struct Executable {
  Program program = nullptr;
  std::vector<std::string> argv;  // with the interpreter of a script in front
  std::string plain_script;       // a text file without #!: the path, for the shell itself
  std::string refusal;            // an ELF that is no program of this board: what to say; status 126
};

// What starting `name` would run. A name without '/' is searched in PATH. noent: not found; acces: not executable.
Result<Executable> find_executable(const Process& process, const std::string& name,
                                   const std::vector<std::string>& argv, const std::string* search_path);

// The path of a command found in PATH, or nothing; for `which`, `type`, completion.
std::optional<std::string> search_path_for(const Process& process, const std::string& name, const std::string& path);

struct ExitStatus {
  int status = 0;  // 0..255
  int signal = 0;  // that ended it
};
// Runs in the calling thread; `process` is all the program's own. Its task is taken off the table at the end and its
// simulated time added to the parent.
ExitStatus run_program(Process& process, Program program);

}  // namespace vnpu::devices
