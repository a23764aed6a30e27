#include "host/uart.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <termios.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <mutex>
#include <stop_token>
#include <thread>

#include "base/error.h"
#include "host/ssh/server.h"

namespace vnpu::cli {
namespace {

using devices::Errno;

[[noreturn]] void fail(const std::string& what) { throw Error(ErrorKind::usage, what + ": " + std::strerror(errno)); }

// The line's other end: one descriptor at a time, -1 for none.
class Line : public Uart {
 public:
  explicit Line(std::string place) : place_(std::move(place)), wake_(::eventfd(0, EFD_CLOEXEC)) {}
  ~Line() override { stop(); }

  std::string place() const override { return place_; }
  std::shared_ptr<devices::Stream> in() override { return pipe_.read_end; }
  std::shared_ptr<devices::Stream> out() override { return std::make_shared<Output>(state_); }

 protected:
  void start(int listening, int open) {
    listening_ = listening;
    state_->connect(open);
    thread_ = std::thread([this] { run(); });
  }
  void stop() {
    if (!thread_.joinable()) return;
    stopping_ = true;
    const std::uint64_t one = 1;
    (void)!::write(wake_, &one, sizeof one);
    thread_.join();
    state_->connect(-1);
    if (listening_ >= 0) ::close(listening_);
    ::close(wake_);
  }

 private:
  struct State {
    void connect(int next) {
      const std::scoped_lock lock(mutex);
      if (fd >= 0) ::close(fd);
      fd = next;
      stalled = false;
    }
    std::mutex mutex;
    int fd = -1;
    bool stalled = false;  // nobody takes what is sent: it is lost at once until somebody does
  };

  class Output : public devices::Stream {
   public:
    explicit Output(std::shared_ptr<State> state) : state_(std::move(state)) {}
    Errno write(std::span<const std::uint8_t> bytes, const std::stop_token&) override {
      const std::scoped_lock lock(state_->mutex);
      while (!bytes.empty() && state_->fd >= 0) {
        const auto count = ::write(state_->fd, bytes.data(), bytes.size());
        if (count >= 0) {
          bytes = bytes.subspan(static_cast<std::size_t>(count));
          state_->stalled = false;
        } else if (errno == EAGAIN && !state_->stalled) {
          pollfd wait{state_->fd, POLLOUT, 0};
          state_->stalled = ::poll(&wait, 1, 500) <= 0;
        } else if (errno != EINTR) {
          break;
        }
      }
      return Errno::ok;
    }

   private:
    std::shared_ptr<State> state_;
  };

  void run() {
    std::uint8_t bytes[4096];
    while (!stopping_) {
      int fd;
      {
        const std::scoped_lock lock(state_->mutex);
        fd = state_->fd;
      }
      pollfd wait[3] = {{wake_, POLLIN, 0}, {listening_, POLLIN, 0}, {fd, POLLIN, 0}};
      if (::poll(wait, 3, -1) < 0 && errno != EINTR) break;
      if (wait[1].revents & POLLIN) {
        const int next = ::accept4(listening_, nullptr, nullptr, SOCK_CLOEXEC | SOCK_NONBLOCK);
        const int on = 1;
        if (next >= 0) {
          ::setsockopt(next, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
          state_->connect(next);
        }
        continue;
      }
      if (!wait[2].revents) continue;
      const auto got = ::read(fd, bytes, sizeof bytes);
      if (got > 0) {
        pipe_.write_end->write({bytes, static_cast<std::size_t>(got)}, std::stop_token{});
      } else if (got == 0 || (errno != EAGAIN && errno != EINTR)) {
        if (listening_ < 0) break;
        state_->connect(-1);
      }
    }
  }

  std::string place_;
  int wake_, listening_ = -1;
  std::atomic<bool> stopping_{false};
  devices::Pipe pipe_ = devices::make_pipe(1 << 20);
  std::shared_ptr<State> state_ = std::make_shared<State>();
  std::thread thread_;
};

class Pty : public Line {
 public:
  static std::unique_ptr<Pty> make() {
    const int master = ::posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC | O_NONBLOCK);
    if (master < 0 || ::grantpt(master) != 0 || ::unlockpt(master) != 0) fail("no pseudo terminal");
    char name[128];
    if (::ptsname_r(master, name, sizeof name) != 0) fail("no pseudo terminal");
    // Held open, so that the line stays when a user goes; bytes pass as they are.
    const int slave = ::open(name, O_RDWR | O_NOCTTY | O_CLOEXEC);
    termios raw{};
    if (slave < 0 || ::tcgetattr(slave, &raw) != 0) fail(name);
    ::cfmakeraw(&raw);
    ::tcsetattr(slave, TCSANOW, &raw);
    return std::unique_ptr<Pty>(new Pty(name, master, slave));
  }
  ~Pty() override {
    stop();
    ::close(slave_);
  }

 private:
  Pty(const char* name, int master, int slave) : Line(name), slave_(slave) { start(-1, master); }
  int slave_;
};

class Tcp : public Line {
 public:
  static std::unique_ptr<Tcp> make(const std::string& where) {
    std::string address = "127.0.0.1";
    std::uint16_t port = 0;
    ssh::parse_listen(where, 0, address, port);
    if (!ssh::is_loopback(address))
      throw Error(ErrorKind::usage, "a serial line has no password, so it is not offered on " + address +
                                        ": listen on 127.0.0.1 and forward the port");
    sockaddr_in to{};
    to.sin_family = AF_INET;
    to.sin_port = htons(port);
    if (::inet_pton(AF_INET, address.c_str(), &to.sin_addr) != 1)
      throw Error(ErrorKind::usage, address + " is no IPv4 address");
    const int listening = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    const int on = 1;
    ::setsockopt(listening, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    socklen_t size = sizeof to;
    if (listening < 0 || ::bind(listening, reinterpret_cast<sockaddr*>(&to), size) != 0 ||
        ::listen(listening, 4) != 0 || ::getsockname(listening, reinterpret_cast<sockaddr*>(&to), &size) != 0)
      fail(where);
    return std::unique_ptr<Tcp>(new Tcp(address + ":" + std::to_string(ntohs(to.sin_port)), listening));
  }
  ~Tcp() override { stop(); }

 private:
  Tcp(const std::string& place, int listening) : Line(place) { start(listening, -1); }
};

}  // namespace

std::unique_ptr<Uart> open_uart(const std::string& spec) {
  if (spec == "pty") return Pty::make();
  if (spec == "tcp") return Tcp::make("");
  if (spec.starts_with("tcp:")) return Tcp::make(spec.substr(4));
  throw Error(ErrorKind::usage, "--uart " + spec + " is none of pty, tcp:ADDRESS:PORT");
}

}  // namespace vnpu::cli
