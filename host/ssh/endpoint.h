// What stands behind the channels of an SSH connection, seen from the SSH side: byte streams that never block.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

namespace vnpu::ssh {

struct Terminal {
  std::string type;  // TERM
  unsigned columns = 80, rows = 24;
};

using Environment = std::vector<std::pair<std::string, std::string>>;

// Rung by an endpoint, from any thread, when it can take or give again.
using Ring = std::function<void()>;
using Log = std::function<void(const std::string&)>;

// A program, a shell or a file server at the board's end of one channel. Its functions are called by the connection's
// thread only. Destruction hangs up what still runs.
class Endpoint {
 public:
  virtual ~Endpoint() = default;

  virtual std::size_t put(std::span<const std::uint8_t> input) = 0;  // bytes taken: fewer when full, then rings later
  virtual void end_input() = 0;                                      // after the last put
  virtual std::size_t get(std::span<std::uint8_t> into, bool errors) = 0;  // bytes given; 0: none now
  virtual std::optional<int> exit_status() = 0;                            // once it has ended and everything was got
  virtual void resize(unsigned columns, unsigned rows) = 0;
  virtual void signal(const std::string& name) = 0;  // "INT", "TERM", ... without SIG
};

// What a board offers to those who connect. Called from several threads at once.
class Services {
 public:
  virtual ~Services() = default;

  virtual bool password_accepted(const std::string& user, const std::string& password) = 0;
  // Lines of the user's authorized_keys files; empty for unknown users.
  virtual std::vector<std::string> authorized_keys(const std::string& user) = 0;

  // Null when refused. `command` is empty for a login shell; `terminal` is set when the client asked for a pty.
  virtual std::unique_ptr<Endpoint> start(const std::string& user, const std::optional<std::string>& command,
                                          const std::optional<Terminal>& terminal, const Environment& environment,
                                          Ring ring, Log log) = 0;
  virtual std::unique_ptr<Endpoint> start_sftp(const std::string& user, Ring ring, Log log) = 0;
};

}  // namespace vnpu::ssh
