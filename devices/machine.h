// What every virtual board is, whatever runs on it: files, and sessions in which its user talks to it. A Linux board
// (board.h) has a shell there, a microcontroller board its console.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "devices/stream.h"
#include "devices/terminal.h"
#include "devices/vfs/vfs.h"

namespace vnpu::cv18xx {
struct StreamEntry;
}
namespace vnpu::programs {
struct PmuRecord;
}

namespace vnpu::devices {

struct BoardOptions {
  std::optional<std::filesystem::path> directory;  // keep the file system there; none: fresh, in memory
  std::optional<std::uint64_t> ion_bytes;          // instead of the data file's
  std::optional<std::int64_t> start_time_ns;       // the board's clock at start, then it runs; none: the host's time
  bool strict_hardware = false;                    // SFTP absent on the Duo, libraries looked for at each start
  // What the performance unit records of a submission, instead of the time model's; the driver then tells no clock.
  std::function<std::vector<programs::PmuRecord>(std::span<const cv18xx::StreamEntry>)> pmu_records;
  // Boards with a camera, a panel, a memory card.
  std::string camera;                                // camera/camera.h; empty: a test pattern
  std::vector<std::string> displays;                 // display/display.h
  std::optional<std::filesystem::path> memory_card;  // this folder, read and written; none: no card
  // Boards with a clock of their own: whether it keeps to the host's, or runs ahead while nobody is waiting.
  bool paced = false;
};

// One login or one command. Either `terminal`, or the three streams (a missing one reads as empty, swallows writes).
struct SessionRequest {
  std::string user = "root";
  std::optional<std::string> command;  // for the user's shell, `sh -c`; none: a login shell
  std::vector<std::pair<std::string, std::string>> environment;
  std::shared_ptr<Stream> in, out, err;
  std::shared_ptr<Terminal> terminal;
  std::optional<std::string> directory;                // instead of the home
  std::function<void(const std::string& line)> typed;  // lines entered at an interactive shell, as they are run
};

// A running session. The board outlives its sessions.
class Session {
 public:
  virtual ~Session() = default;  // hangs up and waits
  virtual std::uint64_t id() const = 0;
  virtual int wait() = 0;  // exit status 0..255
  virtual bool finished() const = 0;
  virtual void signal(int number) = 0;  // to the foreground processes
  virtual void hang_up() = 0;           // the user is gone: SIGHUP, then SIGKILL to all processes of the session
};

// A user as the board knows it.
struct Login {
  std::string name, home, shell;
  Credentials credentials;
};

class Machine {
 public:
  virtual ~Machine() = default;
  virtual const std::string& name() const = 0;
  virtual Vfs& files() = 0;
  virtual std::optional<Login> find_user(const std::string& name) = 0;
  // Starts at once, in threads of its own; `done` (may be empty) is called with the exit status from one of them.
  virtual std::shared_ptr<Session> start(SessionRequest request, std::function<void(int status)> done = {}) = 0;
  int run(SessionRequest request) { return start(std::move(request))->wait(); }  // start and wait
};

// Any board of the compiled-in data files. Throws Error(usage) for an unknown name, and errors of the directory.
std::unique_ptr<Machine> open_machine(const std::string& name, const BoardOptions& options = {});
std::vector<std::string> machine_names();

}  // namespace vnpu::devices
