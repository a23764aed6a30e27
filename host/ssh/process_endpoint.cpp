#include "host/ssh/process_endpoint.h"

#include <algorithm>
#include <atomic>
#include <map>

#include "base/error.h"
#include "host/ssh/byte_queue.h"
#include "host/ssh/sftp_server.h"

namespace vnpu::ssh {
namespace {

constexpr std::size_t queue_bytes = 256 * 1024;
constexpr std::size_t echo_limit = queue_bytes + 1024 * 1024;  // of unread output before keys have to wait
constexpr std::size_t keys_at_once = 4096;

// What the board's thread that ends the session leaves for the connection's.
struct Ending {
  std::atomic<bool> ended{false};
  std::atomic<int> status{0};
};

int signal_of(const std::string& name) {
  namespace number = devices::signal_number;
  static const std::map<std::string, int> numbers{
      {"HUP", number::hup},    {"INT", number::interrupt}, {"QUIT", number::quit},
      {"ABRT", number::abort}, {"KILL", number::kill},     {"USR1", number::usr1},
      {"USR2", number::usr2},  {"ALRM", number::alarm},    {"TERM", number::term}};
  const auto found = numbers.find(name);
  return found == numbers.end() ? 0 : found->second;
}

class ProcessEndpoint : public Endpoint {
 public:
  ProcessEndpoint(devices::Board& board, devices::SessionRequest request, const std::optional<Terminal>& terminal,
                  const Ring& ring)
      : in_(std::make_shared<ByteQueue>(queue_bytes, ring)),
        out_(std::make_shared<ByteQueue>(queue_bytes, ring)),
        err_(std::make_shared<ByteQueue>(queue_bytes, ring)),
        ending_(std::make_shared<Ending>()) {
    if (terminal) {
      terminal_ = devices::Terminal::make(ByteQueue::writer(out_), {terminal->columns, terminal->rows}, terminal->type);
      request.terminal = terminal_;
    } else {
      request.in = ByteQueue::reader(in_);
      request.out = ByteQueue::writer(out_);
      request.err = ByteQueue::writer(err_);
    }
    session_ = board.start(std::move(request), [ending = ending_, ring](int status) {
      ending->status = status;
      ending->ended = true;
      ring();
    });
  }

  ~ProcessEndpoint() override {
    in_->end();
    in_->abandon();
    out_->abandon();
    err_->abandon();
    if (terminal_) terminal_->hang_up();
    if (session_) session_->hang_up();
  }

  std::size_t put(std::span<const std::uint8_t> input) override {
    if (!terminal_) return in_->offer(input);
    std::size_t taken = 0;
    while (taken < input.size() && out_->size() < echo_limit) {
      const std::size_t count = std::min({input.size() - taken, terminal_->room(), keys_at_once});
      if (count == 0) break;
      const ByteQueue::Overflow overflow(*out_);
      terminal_->keys(input.subspan(taken, count));
      taken += count;
    }
    return taken;
  }

  // A terminal has no end of input, but a key for it: `ssh -tt board < commands` ends after the commands.
  void end_input() override {
    if (!terminal_) return in_->end();
    const std::uint8_t end_key = 4;
    const ByteQueue::Overflow overflow(*out_);
    terminal_->keys({&end_key, 1});
  }

  std::size_t get(std::span<std::uint8_t> into, bool errors) override { return (errors ? err_ : out_)->take(into); }

  std::optional<int> exit_status() override {
    if (!ending_->ended || !out_->empty() || !err_->empty()) return std::nullopt;
    return ending_->status.load();
  }

  void resize(unsigned columns, unsigned rows) override {
    if (!terminal_) return;
    const ByteQueue::Overflow overflow(*out_);
    terminal_->resize({columns, rows});
  }

  void signal(const std::string& name) override {
    if (const int number = signal_of(name)) session_->signal(number);
  }

 private:
  std::shared_ptr<ByteQueue> in_, out_, err_;
  std::shared_ptr<Ending> ending_;
  std::shared_ptr<devices::Terminal> terminal_;
  std::shared_ptr<devices::Session> session_;
};

// Answers in the connection's own thread.
class SftpEndpoint : public Endpoint {
 public:
  SftpEndpoint(devices::Vfs& files, SftpUser user, Log log)
      : server_(files, std::move(user), log), log_(std::move(log)) {}

  std::size_t put(std::span<const std::uint8_t> input) override {
    if (broken_) return input.size();
    if (framer_.buffered() > sftp::max_packet * 2) return 0;
    framer_.feed(input);
    answer();
    return input.size();
  }

  void end_input() override { ended_ = true; }

  std::size_t get(std::span<std::uint8_t> into, bool errors) override {
    if (errors) return 0;
    if (at_ == out_.size()) answer();
    const std::size_t count = std::min(into.size(), out_.size() - at_);
    std::copy_n(out_.begin() + static_cast<std::ptrdiff_t>(at_), count, into.begin());
    at_ += count;
    return count;
  }

  std::optional<int> exit_status() override {
    if (at_ < out_.size()) return std::nullopt;
    if (broken_) return 255;
    return ended_ ? std::optional(0) : std::nullopt;
  }

  void resize(unsigned, unsigned) override {}
  void signal(const std::string&) override {}

 private:
  // As long as the client takes the answers: one that only asks gets no more memory than this.
  void answer() {
    constexpr std::size_t enough = 1024 * 1024;
    if (at_ == out_.size()) {
      out_.clear();
      at_ = 0;
    }
    try {
      while (!broken_ && out_.size() < enough) {
        const auto packet = framer_.next();
        if (!packet) return;
        server_.handle(*packet, out_);
      }
    } catch (const Error& error) {
      log_(std::string("sftp: ") + error.what());
      broken_ = true;
    }
  }

  SftpServer server_;
  Log log_;
  sftp::Framer framer_;
  sftp::Bytes out_;
  std::size_t at_ = 0;
  bool ended_ = false, broken_ = false;
};

}  // namespace

std::unique_ptr<Endpoint> start_process(devices::Board& board, const std::string& user,
                                        const std::optional<std::string>& command,
                                        const std::optional<Terminal>& terminal, const Environment& environment,
                                        Ring ring, Log log) {
  devices::SessionRequest request;
  if (!command && log) request.typed = [log = std::move(log)](const std::string& line) { log("shell: " + line); };
  request.user = user;
  request.command = command;
  request.environment = environment;
  return std::make_unique<ProcessEndpoint>(board, std::move(request), terminal, ring);
}

std::unique_ptr<Endpoint> start_sftp_server(devices::Board& board, const std::string& user, Log log) {
  const auto login = board.find_user(user);
  if (!login) return nullptr;
  SftpUser served;
  served.credentials = login->credentials;
  served.home = login->home;
  served.user_name = [&board](std::uint32_t uid) -> std::optional<std::string> {
    const auto found = board.find_user(uid);
    return found ? std::optional(found->name) : std::nullopt;
  };
  served.group_name = [&board](std::uint32_t gid) { return board.group_name(gid); };
  served.home_of = [&board](const std::string& name) -> std::optional<std::string> {
    const auto found = board.find_user(name);
    return found ? std::optional(found->home) : std::nullopt;
  };
  served.now_ns = [&board] { return board.now_ns(); };
  return std::make_unique<SftpEndpoint>(board.files(), std::move(served), std::move(log));
}

}  // namespace vnpu::ssh
