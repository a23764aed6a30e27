#include "devices/board.h"

#include <crypt.h>
#include <pthread.h>

#include <chrono>
#include <sstream>

#include "base/error.h"
#include "devices/axera/npu.h"
#include "devices/axera/programs.h"
#include "devices/board_files.h"
#include "devices/commands/commands.h"
#include "devices/programs/programs.h"
#include "devices/sophon/programs.h"

namespace vnpu::devices {

namespace {

const Credentials root_user{};

std::int64_t host_now_ns() {
  return std::chrono::duration_cast<std::chrono::nanoseconds>(std::chrono::system_clock::now().time_since_epoch())
      .count();
}

std::vector<std::string> fields_of(const std::string& line) {
  std::vector<std::string> out;
  for (std::size_t at = 0; at <= line.size();) {
    const std::size_t end = std::min(line.find(':', at), line.size());
    out.push_back(line.substr(at, end - at));
    at = end + 1;
  }
  return out;
}

std::uint32_t number_of(const std::string& text) {
  if (text.empty() || text.size() > 9 || text.find_first_not_of("0123456789") != std::string::npos) return 65534;
  return static_cast<std::uint32_t>(std::stoul(text));
}

}  // namespace

Board::Board(BoardData data, const BoardOptions& options) : data_(std::move(data)), options_(options) {
  started_ns_ = host_now_ns();
  if (options_.start_time_ns) clock_offset_ns_ = *options_.start_time_ns - started_ns_;
  ion_ = std::make_unique<IonHeap>(data_.ion_base, options_.ion_bytes.value_or(data_.ion_bytes));
  hostname_ = data_.hostname;
  MountOptions root;
  root.device = "/dev/root";
  root.type = "ext4";
  root.bytes = data_.flash_bytes;
  root.directory = options_.directory;
  files_ = std::make_unique<Vfs>(root, [this] { return now_ns(); });
  add_shell_commands(programs_);
  if (data_.programs == "axera") {
    axera::add_programs(programs_);
  } else if (data_.programs == "sophon") {
    sophon::add_programs(programs_);
  } else {
    add_board_programs(programs_);
  }
  build_files();
  add_objects();
  if (data_.programs == "axera") axera::add_nodes(*this);
  if (data_.programs == "sophon") sophon::add_nodes(*this);
  if (const auto name = files_->read_file(root_user, "/etc/hostname", 256)) {
    const std::string text = name->substr(0, name->find('\n'));
    if (!text.empty()) hostname_ = text;
  }
  // The first processes, as ps shows them.
  for (const char* command : {"init", "[kthreadd]"}) {
    auto task = tasks_.add(0, 0, 0, command, now_ns());
    task->memory = 0;
  }
  tasks_.skip_to(200);
}

Board::~Board() {
  for (const auto& task : tasks_.all()) task->signal(signal_number::kill);
  std::unique_lock lock(threads_mutex_);
  threads_gone_.wait(lock, [&] { return threads_ == 0; });
}

std::string Board::hostname() const {
  std::scoped_lock lock(hostname_mutex_);
  return hostname_;
}

void Board::set_hostname(const std::string& name) {
  std::scoped_lock lock(hostname_mutex_);
  hostname_ = name;
}

std::int64_t Board::now_ns() const { return host_now_ns() + clock_offset_ns_; }
std::uint64_t Board::uptime_ns() const { return static_cast<std::uint64_t>(host_now_ns() - started_ns_); }

std::shared_ptr<void> Board::service(const std::string& name, const std::function<std::shared_ptr<void>()>& make) {
  const std::scoped_lock lock(services_mutex_);
  auto& service = services_[name];
  if (!service) service = make();
  return service;
}

void Board::start_thread(std::function<void()> body) {
  struct Start {
    Board* board;
    std::function<void()> body;
  };
  auto start = std::make_unique<Start>(Start{this, std::move(body)});
  pthread_attr_t attributes;
  pthread_attr_init(&attributes);
  pthread_attr_setstacksize(&attributes, std::size_t{16} << 20);
  pthread_attr_setdetachstate(&attributes, PTHREAD_CREATE_DETACHED);
  {
    std::scoped_lock lock(threads_mutex_);
    ++threads_;
  }
  pthread_t thread;
  const int failed = pthread_create(
      &thread, &attributes,
      [](void* argument) -> void* {
        std::unique_ptr<Start> start(static_cast<Start*>(argument));
        start->body();
        start->body = nullptr;
        Board* board = start->board;
        std::scoped_lock lock(board->threads_mutex_);
        --board->threads_;
        board->threads_gone_.notify_all();
        return nullptr;
      },
      start.get());
  pthread_attr_destroy(&attributes);
  if (failed) {
    std::scoped_lock lock(threads_mutex_);
    --threads_;
    throw Error(ErrorKind::internal, "the host gives no more threads");
  }
  (void)start.release();
}

std::optional<Board::Login> Board::find_user(const std::string& name) {
  const auto text = files_->read_file(root_user, "/etc/passwd", 1 << 20);
  if (!text) return std::nullopt;
  std::istringstream lines(*text);
  for (std::string line; std::getline(lines, line);) {
    const auto fields = fields_of(line);
    if (fields.size() < 7 || fields[0] != name) continue;
    Login out{name, fields[5], fields[6], {number_of(fields[2]), number_of(fields[3]), {}}};
    if (const auto groups = files_->read_file(root_user, "/etc/group", 1 << 20)) {
      std::istringstream group_lines(*groups);
      for (std::string group; std::getline(group_lines, group);) {
        const auto parts = fields_of(group);
        if (parts.size() < 4) continue;
        if (("," + parts[3] + ",").find("," + name + ",") != std::string::npos)
          out.credentials.groups.push_back(number_of(parts[2]));
      }
    }
    return out;
  }
  return std::nullopt;
}

std::optional<Board::Login> Board::find_user(std::uint32_t uid) {
  const auto text = files_->read_file(root_user, "/etc/passwd", 1 << 20);
  if (!text) return std::nullopt;
  std::istringstream lines(*text);
  for (std::string line; std::getline(lines, line);) {
    const auto fields = fields_of(line);
    if (fields.size() >= 7 && number_of(fields[2]) == uid) return find_user(fields[0]);
  }
  return std::nullopt;
}

std::optional<std::string> Board::group_name(std::uint32_t gid) {
  const auto text = files_->read_file(root_user, "/etc/group", 1 << 20);
  if (!text) return std::nullopt;
  std::istringstream lines(*text);
  for (std::string line; std::getline(lines, line);) {
    const auto fields = fields_of(line);
    if (fields.size() >= 3 && number_of(fields[2]) == gid) return fields[0];
  }
  return std::nullopt;
}

bool Board::check_password(const std::string& user, const std::string& password) {
  const auto text = files_->read_file(root_user, "/etc/shadow", 1 << 20);
  if (!text) return false;
  std::istringstream lines(*text);
  for (std::string line; std::getline(lines, line);) {
    const auto fields = fields_of(line);
    if (fields.size() < 2 || fields[0] != user) continue;
    // Only salted hashes; an empty or locked field lets nobody in.
    if (!fields[1].starts_with("$5$") && !fields[1].starts_with("$6$")) return false;
    auto scratch = std::make_unique<crypt_data>();
    const char* hashed = crypt_r(password.c_str(), fields[1].c_str(), scratch.get());
    return hashed && fields[1] == hashed;
  }
  return false;
}

bool Board::default_password(const std::string& user) const {
  for (const auto& known : data_.users)
    if (known.name == user && !known.password.empty())
      return const_cast<Board*>(this)->check_password(user, known.password);
  return false;
}

}  // namespace vnpu::devices
