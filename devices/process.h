// What a program run on the board gets, and the table of programs. A program is a function; there is no host process.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "devices/stream.h"
#include "devices/task.h"
#include "devices/terminal.h"
#include "devices/vfs/vfs.h"

namespace vnpu::devices {

class Board;

class Process {
 public:
  Process(Board& board, std::shared_ptr<Task> task) : board(board), task(std::move(task)) {}

  Board& board;
  std::shared_ptr<Task> task;
  std::vector<std::string> argv;
  std::map<std::string, std::string> environment;
  std::string cwd = "/";  // without links or ".."
  std::uint32_t umask = 022;
  Credentials user;
  std::map<int, std::shared_ptr<Stream>> descriptors;  // 0, 1, 2 and what the shell opened
  int depth = 0;                                       // programs started by programs: bounded
  std::uint64_t session = 0;                           // which login
  std::string speaks_as;                               // in messages, instead of argv[0]: a shell's builtin

  // The same streams, variables and place, as another process.
  Process copy(std::shared_ptr<Task> task) const;

  Vfs& files() const;
  std::string path(std::string_view name) const { return join(cwd, name); }  // for Vfs calls
  const std::string* variable(const std::string& name) const;                // null when unset

  // Descriptor 0. Throws Killed when a signal ends the wait.
  Result<std::size_t> read(std::span<std::uint8_t> into, int descriptor = 0);
  // The same of any stream. Errno::intr only when a signal is pending that the program takes itself.
  Result<std::size_t> read_stream(Stream& stream, std::span<std::uint8_t> into);
  // All of descriptor 0; Errno::fbig beyond the limit.
  Result<std::string> read_all(std::size_t limit = std::size_t{256} << 20, int descriptor = 0);
  // A line without its LF; nothing at the end.
  std::optional<std::string> read_line(int descriptor = 0);

  // A file as a stream; /dev/tty is the terminal of this session, /dev/stdin and the like this process's descriptors.
  Result<std::shared_ptr<Stream>> open(std::string_view name, unsigned flags, std::uint32_t permissions = 0666) const;

  // Unbuffered. A pipe nobody reads throws Killed{SIGPIPE}; other errors come back.
  Errno write(std::string_view text, int descriptor = 1);
  void print(std::string_view text) { write(text, 1); }
  void complain(std::string_view text) { write(text, 2); }
  bool is_terminal(int descriptor) const;
  WindowSize window() const;  // of descriptor 1, 0 or 2; 80x24 when none is a terminal

  // Throws Killed when a signal is pending whose action is standard: call in long loops.
  void check_signals();
  // Waits in the board's time; Killed as above.
  void sleep_ns(std::uint64_t ns);
  // Simulated time this program used; children's time is added to their parent's at exit.
  void spend_cpu(std::uint64_t ns) { task->cpu_ns += ns; }

  // Runs another program as a child and waits: a name searched in PATH, or a path. Its exit status (126, 127: not
  // started, the shell's message on descriptor 2). The child gets this process's streams, environment and cwd.
  int run(const std::vector<std::string>& argv);
  int run(const std::vector<std::string>& argv, const std::map<std::string, std::string>& environment);

 private:
  std::map<int, std::string> line_rest_;
};

// Returns the exit status, 0..255. May throw Killed (abort() is Killed{SIGABRT}); vnpu::Error ends it with a message.
using Program = int (*)(Process&);

// Programs by name. `applets` stand behind links to /bin/busybox; `vendor` ones run when a path is started whose file
// is an ELF (or empty marker) of that base name, wherever the user put it.
class ProgramTable {
 public:
  void add_applet(const std::string& name, Program program, const std::string& directory = "/bin");
  void add_vendor(const std::string& name, Program program);
  Program applet(const std::string& name) const;  // null when unknown
  Program vendor(const std::string& name) const;
  const std::map<std::string, std::pair<Program, std::string>>& applets() const { return applets_; }
  const std::map<std::string, Program>& vendors() const { return vendor_; }

 private:
  std::map<std::string, std::pair<Program, std::string>> applets_;
  std::map<std::string, Program> vendor_;
};

}  // namespace vnpu::devices
