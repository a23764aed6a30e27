#include "host/ssh/connection.h"

#include <poll.h>

#include <algorithm>

#include "base/error.h"
#include "host/ssh/authorized_keys.h"

namespace vnpu::ssh {

using std::chrono::milliseconds;

namespace {

constexpr int stalled_poll_ms = 20;  // a terminal whose input is full does not ring when a program has read
constexpr int far_ms = 3'600'000;

int remaining_ms(std::chrono::steady_clock::time_point deadline) {
  const auto left = std::chrono::duration_cast<milliseconds>(deadline - std::chrono::steady_clock::now()).count();
  return static_cast<int>(std::clamp<std::int64_t>(left + 1, 0, far_ms));
}

}  // namespace

// All run inside ssh_event_dopoll on the connection's thread. No exception may pass through C.
struct ConnectionCallbacks {
  static Connection& self(void* user) { return *static_cast<Connection*>(user); }

  static int none(ssh_session, const char*, void*) { return SSH_AUTH_DENIED; }
  static int password(ssh_session, const char* user, const char* password, void* data) {
    try {
      Connection& connection = self(data);
      const bool accepted = user && password && connection.refusals_ < connection.limits_.login_tries &&
                            connection.services_.password_accepted(user, password);
      return connection.login(user ? user : "", accepted, "password") ? SSH_AUTH_SUCCESS : SSH_AUTH_DENIED;
    } catch (...) {
      return SSH_AUTH_DENIED;
    }
  }
  static int key(ssh_session, const char* user, ssh_key key, char state, void* data) {
    try {
      Connection& connection = self(data);
      if (!user || connection.refusals_ >= connection.limits_.login_tries) return SSH_AUTH_DENIED;
      const bool authorized = connection.key_authorized(user, key);
      // An offer: the signature comes next. Offers of unknown keys count as tries, as everywhere.
      if (state == SSH_PUBLICKEY_STATE_NONE && authorized) return SSH_AUTH_SUCCESS;
      const bool accepted = authorized && state == SSH_PUBLICKEY_STATE_VALID;
      return connection.login(user, accepted, "key") ? SSH_AUTH_SUCCESS : SSH_AUTH_DENIED;
    } catch (...) {
      return SSH_AUTH_DENIED;
    }
  }
  static ssh_channel open(ssh_session, void* data) {
    try {
      return self(data).open_channel();
    } catch (...) {
      return nullptr;
    }
  }
  static int woken(socket_t, int, void* data) {
    static_cast<Wake*>(data)->clear();
    return 0;
  }
};

Connection::Connection(ssh_session session, Services& services, const Limits& limits, Log log)
    : session_(session), services_(services), limits_(limits), log_(std::move(log)) {
  ssh_callbacks_init(&callbacks_);
  callbacks_.userdata = this;
  callbacks_.auth_none_function = ConnectionCallbacks::none;
  callbacks_.auth_password_function = ConnectionCallbacks::password;
  callbacks_.auth_pubkey_function = ConnectionCallbacks::key;
  callbacks_.channel_open_request_session_function = ConnectionCallbacks::open;
  ssh_set_server_callbacks(session_, &callbacks_);
  ssh_set_auth_methods(session_, SSH_AUTH_METHOD_PASSWORD | SSH_AUTH_METHOD_PUBLICKEY);
  ssh_set_counters(session_, &counter_, nullptr);
  ssh_set_blocking(session_, 0);
  event_ = ssh_event_new();
  if (!event_ || ssh_event_add_fd(event_, wake_->fd(), POLLIN, ConnectionCallbacks::woken, wake_.get()) != SSH_OK) {
    ssh_event_free(event_);
    ssh_free(session_);
    throw Error(ErrorKind::fault, "libssh: no event loop");
  }
}

Connection::~Connection() {
  channels_.clear();
  ssh_event_remove_fd(event_, wake_->fd());
  ssh_event_remove_session(event_, session_);
  ssh_disconnect(session_);
  ssh_event_free(event_);
  ssh_free(session_);
}

void Connection::stop() {
  stop_ = true;
  wake_->ring();
}

void Connection::run() {
  if (exchange_keys()) serve();
  log_("disconnected");
}

// The session's socket joins our event loop only after libssh has first looked at it.
bool Connection::exchange_keys() {
  for (bool added = false;;) {
    const int result = ssh_handle_key_exchange(session_);
    if (result == SSH_OK || result == SSH_AGAIN) {
      if (!added && ssh_event_add_session(event_, session_) != SSH_OK) return false;
      added = true;
    }
    if (result == SSH_OK) return true;
    if (result != SSH_AGAIN) {
      log_(std::string("key exchange failed: ") + ssh_get_error(session_));
      return false;
    }
    if (!within_limits() || !poll(next_deadline_ms())) return false;
  }
}

bool Connection::poll(int limit_ms) {
  // A write that failed has closed the socket already, and nothing would wake us.
  if (!ssh_is_connected(session_)) return false;
  if (ssh_event_dopoll(event_, limit_ms) == SSH_ERROR) return false;
  if (counter_.in_bytes != heard_bytes_) {
    heard_bytes_ = counter_.in_bytes;
    heard_ = asked_ = Clock::now();
    missed_ = 0;
  }
  return ssh_is_connected(session_) != 0;
}

void Connection::serve() {
  for (;;) {
    if (!within_limits()) return;
    if (!poll(next_deadline_ms())) return;
    std::uint64_t moved = 0;
    for (auto& channel : channels_) {
      channel->pump();
      moved += channel->moved();
      if (channel->misused()) {
        log_("the client does not keep to its window");
        return;
      }
    }
    if (moved != active_bytes_) active_ = Clock::now();
    active_bytes_ = moved;
    channels_.remove_if([](const auto& channel) { return channel->closed(); });
  }
}

bool Connection::within_limits() {
  const auto now = Clock::now();
  const auto past = [&](Clock::time_point since, milliseconds limit) { return limit.count() && now - since >= limit; };
  if (stop_) return false;
  if (user_.empty()) {
    if (refusals_ >= limits_.login_tries) {
      log_("too many refused logins");
      return false;
    }
    if (past(began_, limits_.login)) {
      log_("no login in time");
      return false;
    }
    return true;
  }
  if (past(active_, limits_.idle)) {
    log_("idle for too long");
    return false;
  }
  if (past(asked_, limits_.keep_alive)) {
    if (missed_ >= limits_.keep_alive_misses) {
      log_("no sign of life");
      return false;
    }
    ++missed_;
    asked_ = now;
    ssh_send_keepalive(session_);
  }
  return true;
}

int Connection::next_deadline_ms() const {
  if (stop_) return 0;
  int wait = far_ms;
  const auto earlier = [&](Clock::time_point since, milliseconds limit) {
    if (limit.count()) wait = std::min(wait, remaining_ms(since + limit));
  };
  if (user_.empty()) {
    earlier(began_, limits_.login);
  } else {
    earlier(active_, limits_.idle);
    earlier(asked_, limits_.keep_alive);
  }
  for (const auto& channel : channels_)
    if (channel->stalled()) wait = std::min(wait, stalled_poll_ms);
  return wait;
}

bool Connection::key_authorized(const std::string& user, ssh_key key) {
  for (const std::string& line : services_.authorized_keys(user)) {
    const auto entry = parse_authorized_key(line);
    if (!entry) continue;
    ssh_key known = nullptr;
    if (ssh_pki_import_pubkey_base64(entry->key.c_str(), ssh_key_type_from_name(entry->type.c_str()), &known) != SSH_OK)
      continue;
    const bool equal = ssh_key_cmp(known, key, SSH_KEY_CMP_PUBLIC) == 0;
    ssh_key_free(known);
    if (equal) return true;
  }
  return false;
}

bool Connection::login(const std::string& user, bool accepted, const char* method) {
  std::string shown = user.substr(0, 64);
  std::replace_if(
      shown.begin(), shown.end(), [](unsigned char c) { return c < 0x20 || c == 0x7f; }, '?');
  if (!accepted) {
    ++refusals_;
    log_("login of " + shown + " by " + method + " refused");
    return false;
  }
  user_ = user;
  heard_ = asked_ = active_ = Clock::now();
  log_("login of " + shown + " by " + method);
  return true;
}

ssh_channel Connection::open_channel() {
  // Closed ones are taken away only between two looks at the socket.
  const auto open = std::count_if(channels_.begin(), channels_.end(), [](const auto& c) { return !c->closed(); });
  if (user_.empty() || static_cast<std::size_t>(open) >= limits_.channels) return nullptr;
  auto channel =
      std::make_unique<Channel>(session_, ChannelContext{services_, user_, [wake = wake_] { wake->ring(); }, log_});
  channels_.push_back(std::move(channel));
  return channels_.back()->handle();
}

}  // namespace vnpu::ssh
