// What file descriptors of board programs stand on: pipes, files, terminals, sockets of a session.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <stop_token>
#include <utility>

#include "devices/vfs/vfs.h"

namespace vnpu::devices {

class Terminal;

// One end of something bytes flow through. Calls block; a stop request of the token ends them with Errno::intr.
// The end closes when its last owner lets go (so keep the shared_ptr no longer than the descriptor is open).
class Stream {
 public:
  virtual ~Stream() = default;
  virtual Result<std::size_t> read(std::span<std::uint8_t>, const std::stop_token&) { return Errno::badf; }  // 0 = end
  // All bytes, or an error (Errno::pipe when nobody reads any more).
  virtual Errno write(std::span<const std::uint8_t>, const std::stop_token&) { return Errno::badf; }
  virtual Terminal* terminal() { return nullptr; }                                // when this is one: isatty
  virtual std::shared_ptr<File> file() { return nullptr; }                        // when this is a file of the Vfs
  virtual Result<std::uint64_t> seek(std::int64_t, int) { return Errno::spipe; }  // whence 0 set, 1 current, 2 end
};

struct Pipe {
  std::shared_ptr<Stream> read_end, write_end;
};
Pipe make_pipe(std::size_t capacity = 65536);  // a write blocks while the pipe is full

// A file with its offset, shared by all descriptors duplicated from it.
std::shared_ptr<Stream> file_stream(std::shared_ptr<File> file);
std::shared_ptr<Stream> null_stream();  // reads end, swallows writes
// Reads these bytes (a here-document).
std::shared_ptr<Stream> bytes_stream(std::string bytes);
// Collects what is written, for callers that want it as a string; at most `limit` bytes, then Errno::pipe (which
// ends the writer as a closed pipe does).
class Collector : public Stream {
 public:
  static std::shared_ptr<Collector> make(std::size_t limit = std::size_t{64} << 20);
  virtual std::string take() = 0;
};

}  // namespace vnpu::devices
