// One session channel of a connection: the requests that set it up, and the bytes between libssh and its endpoint.
#pragma once

#include <libssh/callbacks.h>
#include <libssh/libssh.h>

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "host/ssh/endpoint.h"

namespace vnpu::ssh {

// What a channel needs from its connection.
struct ChannelContext {
  Services& services;
  std::string user;
  Ring ring;
  Log log;
};

class Channel {
 public:
  Channel(ssh_session session, ChannelContext context);  // throws Error fault when libssh has no memory
  ~Channel();
  Channel(const Channel&) = delete;
  Channel& operator=(const Channel&) = delete;

  ssh_channel handle() const { return channel_; }
  void pump();                             // moves what can be moved, both ways; ends the channel when its program has
  bool closed() const { return closed_; }  // nothing more will happen; may be destroyed (not from a callback)
  bool misused() const { return misused_; }  // the client sent far beyond its window
  bool stalled() const { return !closed_ && endpoint_ && (stalled_ || leftover_at_ < leftover_.size()); }
  std::uint64_t moved() const { return moved_; }  // bytes, both ways

 private:
  friend struct ChannelCallbacks;
  struct Output {
    std::vector<std::uint8_t> buffer;  // made once, on first use
    std::size_t size = 0, sent = 0;    // what it holds of the endpoint's bytes, how much of it is written
  };
  std::size_t offer(std::span<const std::uint8_t> data);
  void start(std::unique_ptr<Endpoint> endpoint, const std::string& what);
  bool take_leftover();                    // true when something moved
  bool send(Output& output, bool errors);  // true when everything the endpoint had is sent
  void finish(int status);

  ssh_session session_;
  ssh_channel channel_ = nullptr;
  ssh_channel_callbacks_struct callbacks_{};
  ChannelContext context_;
  std::optional<Terminal> terminal_;
  Environment environment_;
  std::unique_ptr<Endpoint> endpoint_;
  std::string what_;                    // for the log
  std::vector<std::uint8_t> leftover_;  // taken from libssh, not yet by the endpoint
  std::size_t leftover_at_ = 0;
  bool stalled_ = false;  // libssh still holds input
  bool client_eof_ = false, eof_told_ = false;
  bool ended_ = false, closed_ = false, misused_ = false;
  std::uint64_t moved_ = 0;
  Output out_, err_;
};

}  // namespace vnpu::ssh
