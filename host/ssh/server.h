// The SSH server of a board: accepts, gives each connection its thread, and ends them all when told to.
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "host/ssh/connection.h"
#include "host/ssh/host_key.h"

namespace vnpu::ssh {

struct ServerOptions {
  std::string address = "127.0.0.1";  // IPv4 or IPv6, as numbers
  std::uint16_t port = 0;             // 0: a free one
  std::string banner = "vnpu";        // software part of the version string: SSH-2.0-BANNER
  Limits limits;
};

// "127.0.0.1:2222", "[::1]:22", "127.0.0.1" (port `otherwise`), ":2222" (127.0.0.1). Throws Error usage.
void parse_listen(const std::string& text, std::uint16_t otherwise, std::string& address, std::uint16_t& port);
bool is_loopback(const std::string& address);  // 127.0.0.0/8 and ::1

class Server {
 public:
  // Binds and listens. Throws Error usage when the address cannot be had. `services` outlives the server.
  Server(const ServerOptions& options, const HostKey& key, Services& services, Log log);
  ~Server();  // as stop(), and waits

  std::uint16_t port() const;
  // Serves until stop() or, when `signals`, SIGINT or SIGTERM; then ends all connections and waits for their threads.
  void run(bool signals);
  void stop();  // from any thread
  std::size_t connections() const;

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace vnpu::ssh
