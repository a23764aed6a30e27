// A virtual Linux board: an object made from a data file, with its file system, users, programs, processes and one TPU.
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
#include "devices/machine.h"
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
  std::string programs;            // whose they are: "cvitek", "axera", "sophon"
};

// Throws Error(damaged) naming the key.
BoardData parse_board_data(std::string_view toml, const std::string& name);

class Board : public Machine {
 public:
  static std::vector<std::string> names();  // of the compiled-in data files of Linux boards
  // Throws Error(usage) for an unknown name, and errors of the directory.
  static std::unique_ptr<Board> open(const std::string& name, const BoardOptions& options = {});
  Board(BoardData data, const BoardOptions& options);
  ~Board() override;  // hangs up what still runs

  const BoardData& data() const { return data_; }
  const BoardOptions& options() const { return options_; }
  const std::string& name() const override { return data_.name; }
  Vfs& files() override { return *files_; }
  ProgramTable& programs() { return programs_; }
  TaskTable& tasks() { return tasks_; }
  TpuQueue& tpu() { return tpu_; }
  IonHeap& ion() { return *ion_; }
  std::string hostname() const;
  void set_hostname(const std::string& name);
  std::int64_t now_ns() const;  // the board's clock, since 1970
  std::uint64_t uptime_ns() const;

  // Users as /etc/passwd, /etc/shadow and /etc/group of the board say now (passwd changes them).
  using Login = devices::Login;
  std::optional<Login> find_user(const std::string& name) override;
  std::optional<Login> find_user(std::uint32_t uid);
  std::optional<std::string> group_name(std::uint32_t gid);
  bool check_password(const std::string& user, const std::string& password);
  bool default_password(const std::string& user) const;  // still the well-known one

  std::shared_ptr<Session> start(SessionRequest request, std::function<void(int status)> done = {}) override;

  void typed(std::uint64_t session, const std::string& line);  // by the shells: tells who started the session

  // What free and top show, bytes.
  struct Memory {
    std::uint64_t total = 0, used = 0, free = 0, shared = 0, cached = 0, swap = 0;
  };
  Memory memory();

  // What belongs to one board and only its maker's programs know; made on first use, gone with the board.
  std::shared_ptr<void> service(const std::string& name, const std::function<std::shared_ptr<void>()>& make);

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
  std::mutex services_mutex_;
  std::map<std::string, std::shared_ptr<void>> services_;
  std::mutex typed_mutex_;
  std::map<std::uint64_t, std::function<void(const std::string&)>> typed_;
  std::mutex threads_mutex_;
  std::condition_variable threads_gone_;
  std::size_t threads_ = 0;
};

}  // namespace vnpu::devices
