// A whole SFTP session: packets (two bytes of length each) against a small file system. Every request gets one
// well-formed reply, and the file system keeps to its quota.
#include <cstdlib>

#include "base/error.h"
#include "host/ssh/sftp_server.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace vnpu;
  using namespace vnpu::ssh;
  devices::MountOptions small;
  small.bytes = 1 << 20;
  small.files = 64;
  devices::Vfs files(small, [] { return std::int64_t{1'700'000'000'000'000'000}; });
  const devices::Credentials root;
  if (files.make_directories(root, "/root/d") != devices::Errno::ok) std::abort();
  if (files.write_file(root, "/root/f", "text") != devices::Errno::ok) std::abort();
  if (files.symlink(root, "d/../f", "/root/l") != devices::Errno::ok) std::abort();
  SftpUser user;
  user.home = "/root";
  user.user_name = user.group_name = [](std::uint32_t) { return std::optional<std::string>("root"); };
  user.home_of = [](const std::string&) { return std::optional<std::string>("/root"); };
  user.now_ns = [] { return std::int64_t{1'700'000'000'000'000'000}; };
  SftpServer server(files, user, {});
  try {
    const sftp::Bytes init{static_cast<std::uint8_t>(sftp::Type::init), 0, 0, 0, 3};
    sftp::Bytes out;
    server.handle(init, out);
    for (std::size_t at = 0, packets = 0; at + 2 < size && packets < 200; ++packets) {
      const std::size_t length = std::min<std::size_t>(data[at] << 8 | data[at + 1], size - at - 2);
      out.clear();
      server.handle(std::span(data + at + 2, length), out);
      at += 2 + length;
      sftp::Framer framer;
      framer.feed(out);
      const auto reply = framer.next();
      if (!reply || framer.buffered() != 0) std::abort();
    }
  } catch (const Error&) {
  }
  const auto use = files.use(root, "/");
  if (!use || use->free > use->total) std::abort();
  return 0;
}
