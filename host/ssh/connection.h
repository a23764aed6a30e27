// One SSH connection: key exchange, login, its channels. Lives in a thread of its own and sleeps while nothing happens.
#pragma once

#include <libssh/callbacks.h>
#include <libssh/libssh.h>
#include <libssh/server.h>

#include <atomic>
#include <chrono>
#include <list>
#include <memory>
#include <string>

#include "host/ssh/channel.h"
#include "host/ssh/endpoint.h"
#include "host/ssh/wake.h"

namespace vnpu::ssh {

struct Limits {
  std::chrono::milliseconds login{60'000};       // from the connection to a login
  unsigned login_tries = 6;                      // refused passwords and keys
  std::chrono::milliseconds keep_alive{30'000};  // silence before the client is asked for a sign of life
  unsigned keep_alive_misses = 3;
  std::chrono::milliseconds idle{0};  // without a byte on any channel; 0: for ever
  std::size_t connections = 128;      // more are closed at once
  std::size_t channels = 16;          // of one connection
};

class Connection {
 public:
  // Takes the session, already bound to its socket.
  Connection(ssh_session session, Services& services, const Limits& limits, Log log);
  ~Connection();
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;

  void run();   // returns when the connection is over
  void stop();  // from any thread: ends run() soon

 private:
  friend struct ConnectionCallbacks;
  using Clock = std::chrono::steady_clock;

  bool exchange_keys();
  bool poll(int limit_ms);  // false: the connection is dead
  void serve();
  bool within_limits();  // false: time to close; says why in the log
  int next_deadline_ms() const;
  bool key_authorized(const std::string& user, ssh_key key);
  bool login(const std::string& user, bool accepted, const char* method);
  ssh_channel open_channel();

  ssh_session session_;
  ssh_event event_ = nullptr;
  Services& services_;
  const Limits limits_;
  Log log_;
  ssh_server_callbacks_struct callbacks_{};
  ssh_counter_struct counter_{};
  std::shared_ptr<Wake> wake_ = std::make_shared<Wake>();
  std::atomic<bool> stop_{false};
  std::string user_;
  unsigned refusals_ = 0;
  std::list<std::unique_ptr<Channel>> channels_;

  Clock::time_point began_ = Clock::now(), heard_ = began_, asked_ = began_, active_ = began_;
  std::uint64_t heard_bytes_ = 0, active_bytes_ = 0;
  unsigned missed_ = 0;
};

}  // namespace vnpu::ssh
