// A virtual board: an object made from a data file, with its file system, users, programs, processes and one TPU.
#pragma once

#include <atomic>
#include <condition_variable>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "devices/ion_heap.h"
#include "devices/process.h"
#include "devices/tpu_queue.h"
#include "devices/vfs/vfs.h"

namespace vnpu::devices {

// devices/boards/NAME.toml as read.
struct BoardData {
  struct User {
    std::string name, password;  // an empty password: no login by password
    std::uint32_t uid = 0, gid = 0;
    std::string home, shell, comment;
  };
  struct Group {
    std::string name;
    std::uint32_t gid = 0;
    std::vector<std::string> members;
  };
  struct File {  // exactly one of text, link, directory
    std::string path;
    std::optional<std::string> text, link;
    std::uint32_t permissions = 0644;
    bool directory = false;
  };
  struct Mount {
    std::string path, device, type;
    std::uint64_t bytes = 0;
  };
  std::string name, title, hostname, chip;  // chip: what a model must be built for, "cv180x"
  std::string address;                      // of the tutorials: "192.168.42.1"
  std::string ssh_banner;                   // software part of the SSH version string: "dropbear_2020.81"
  std::string path;                         // PATH before /etc/profile
  std::string motd;                         // printed after login, may be empty
  std::string kernel_release, kernel_version, machine, cpu_info;
  std::uint64_t ram_bytes = 0, flash_bytes = 0, ion_bytes = 0, ion_base = 0, swap_bytes = 0;
  std::uint64_t cpu_hz = 0;  // the TPU's clock is the time model's
  bool sftp = true;          // whether the real board has an SFTP server
  std::vector<User> users;
  std::vector<Group> groups;
  std::vector<Mount> mounts;
  std::vector<File> files;
  std::string programs_directory;  // where the maker's programs stand
};

// Throws Error(damaged) naming the key.
BoardData parse_board_data(std::string_view toml, const std::string& name);

struct BoardOptions {
  std::optional<std::filesystem::path> directory;  // keep the file system there; none: fresh, in memory
  std::optional<std::uint64_t> ion_bytes;          // instead of the data file's
  std::optional<std::int64_t> start_time_ns;       // the board's clock at start, then it runs; none: the host's time
  bool strict_hardware = false;                    // SFTP absent on the Duo, libraries looked for at each start
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

class Board {
 public:
  static std::vector<std::string> names();  // of the compiled-in data files
  // Throws Error(usage) for an unknown name, and errors of the directory.
  static std::unique_ptr<Board> open(const std::string& name, const BoardOptions& options = {});
  Board(BoardData data, const BoardOptions& options);
  ~Board();  // hangs up what still runs

  const BoardData& data() const { return data_; }
  const BoardOptions& options() const { return options_; }
  Vfs& files() { return *files_; }
  ProgramTable& programs() { return programs_; }
  TaskTable& tasks() { return tasks_; }
  TpuQueue& tpu() { return tpu_; }
  IonHeap& ion() { return *ion_; }
  std::string hostname() const;
  void set_hostname(const std::string& name);
  std::int64_t now_ns() const;  // the board's clock, since 1970
  std::uint64_t uptime_ns() const;

  // Users as /etc/passwd, /etc/shadow and /etc/group of the board say now (passwd changes them).
  struct Login {
    std::string name, home, shell;
    Credentials credentials;
  };
  std::optional<Login> find_user(const std::string& name);
  std::optional<Login> find_user(std::uint32_t uid);
  std::optional<std::string> group_name(std::uint32_t gid);
  bool check_password(const std::string& user, const std::string& password);
  bool default_password(const std::string& user) const;  // still the well-known one

  // Starts at once, in threads of its own; `done` (may be empty) is called with the exit status from one of them.
  std::shared_ptr<Session> start(SessionRequest request, std::function<void(int status)> done = {});
  int run(SessionRequest request);  // start and wait

  void typed(std::uint64_t session, const std::string& line);  // by the shells: tells who started the session

  // What free and top show, bytes.
  struct Memory {
    std::uint64_t total = 0, used = 0, free = 0, shared = 0, cached = 0, swap = 0;
  };
  Memory memory();

  // A thread with the stack a shell needs, for the processes of a session; the board waits for all of them at its end.
  void start_thread(std::function<void()> body);

 private:
  void build_files();
  void add_objects();

  BoardData data_;
  BoardOptions options_;
  std::int64_t clock_offset_ns_ = 0, started_ns_ = 0;
  std::unique_ptr<Vfs> files_;
  ProgramTable programs_;
  TaskTable tasks_;
  TpuQueue tpu_;
  std::unique_ptr<IonHeap> ion_;
  std::atomic<std::uint64_t> next_session_{1};
  mutable std::mutex hostname_mutex_;
  std::string hostname_;
  std::mutex typed_mutex_;
  std::map<std::uint64_t, std::function<void(const std::string&)>> typed_;
  std::mutex threads_mutex_;
  std::condition_variable threads_gone_;
  std::size_t threads_ = 0;
};

}  // namespace vnpu::devices
