#include "host/host_streams.h"

#include <poll.h>
#include <unistd.h>

#include <cerrno>
#include <mutex>

#include "host/ssh/wake.h"

namespace vnpu::cli {
namespace {

using devices::Errno;

class Input : public devices::Stream {
 public:
  explicit Input(int descriptor) : descriptor_(descriptor) {}

  devices::Result<std::size_t> read(std::span<std::uint8_t> into, const std::stop_token& stop) override {
    ssh::Wake wake;
    const std::stop_callback on_stop(stop, [&] { wake.ring(); });
    for (;;) {
      pollfd wait[2] = {{descriptor_, POLLIN, 0}, {wake.fd(), POLLIN, 0}};
      if (::poll(wait, 2, -1) < 0 && errno != EINTR) return Errno::io;
      if (stop.stop_requested()) return Errno::intr;
      if (!wait[0].revents) continue;
      const auto got = ::read(descriptor_, into.data(), into.size());
      if (got >= 0) return static_cast<std::size_t>(got);
      if (errno != EINTR && errno != EAGAIN) return Errno::io;
    }
  }

 private:
  int descriptor_;
};

class Output : public devices::Stream {
 public:
  explicit Output(int descriptor) : descriptor_(descriptor) {}

  Errno write(std::span<const std::uint8_t> bytes, const std::stop_token& stop) override {
    const std::lock_guard lock(mutex_);
    while (!bytes.empty()) {
      const auto count = ::write(descriptor_, bytes.data(), bytes.size());
      if (count >= 0) {
        bytes = bytes.subspan(static_cast<std::size_t>(count));
      } else if (errno == EPIPE) {
        return Errno::pipe;
      } else if (errno == EAGAIN) {
        pollfd wait{descriptor_, POLLOUT, 0};
        ::poll(&wait, 1, 100);
        if (stop.stop_requested()) return Errno::intr;
      } else if (errno != EINTR) {
        return errno == ENOSPC ? Errno::nospc : Errno::io;
      }
    }
    return Errno::ok;
  }

 private:
  std::mutex mutex_;
  int descriptor_;
};

}  // namespace

std::shared_ptr<devices::Stream> host_input(int descriptor) { return std::make_shared<Input>(descriptor); }
std::shared_ptr<devices::Stream> host_output(int descriptor) { return std::make_shared<Output>(descriptor); }

}  // namespace vnpu::cli
