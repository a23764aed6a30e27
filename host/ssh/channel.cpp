#include "host/ssh/channel.h"

#include <libssh/server.h>

#include <algorithm>

#include "base/error.h"

namespace vnpu::ssh {
namespace {

constexpr std::size_t chunk = 64 * 1024;        // bytes moved in one step
constexpr std::size_t flood = 8 * 1024 * 1024;  // of unread input: far more than any window granted
constexpr std::size_t max_environment = 64, max_name = 256, max_value = 4096, max_command = 256 * 1024;
constexpr unsigned max_columns = 4096;

unsigned sane(int size, unsigned otherwise) {
  return size <= 0 ? otherwise : std::min(static_cast<unsigned>(size), max_columns);
}

}  // namespace

// libssh's callbacks; all run inside ssh_event_dopoll on the connection's thread. No exception may pass through C.
struct ChannelCallbacks {
  static Channel& self(void* user) { return *static_cast<Channel*>(user); }

  static int data(ssh_session, ssh_channel, void* bytes, std::uint32_t length, int is_stderr, void* user) {
    Channel& channel = self(user);
    if (is_stderr) return static_cast<int>(length);  // clients have no business there
    if (length > flood) channel.misused_ = true;
    try {
      const std::size_t taken = channel.offer({static_cast<const std::uint8_t*>(bytes), length});
      channel.stalled_ = taken < length;
      return static_cast<int>(taken);
    } catch (...) {
      channel.misused_ = true;
      return static_cast<int>(length);
    }
  }
  static void eof(ssh_session, ssh_channel, void* user) { self(user).client_eof_ = true; }
  static void close(ssh_session, ssh_channel, void* user) { self(user).closed_ = true; }
  static void signal(ssh_session, ssh_channel, const char* name, void* user) {
    Channel& channel = self(user);
    try {
      if (channel.endpoint_ && name) channel.endpoint_->signal(name);
    } catch (...) {
      channel.misused_ = true;
    }
  }
  static int pty(ssh_session, ssh_channel, const char* term, int columns, int rows, int, int, void* user) {
    Channel& channel = self(user);
    if (channel.endpoint_) return 1;
    channel.terminal_ = Terminal{std::string(term ? term : "").substr(0, max_name), sane(columns, 80), sane(rows, 24)};
    return 0;
  }
  static int window(ssh_session, ssh_channel, int columns, int rows, int, int, void* user) {
    Channel& channel = self(user);
    if (!channel.terminal_) return 1;
    channel.terminal_->columns = sane(columns, channel.terminal_->columns);
    channel.terminal_->rows = sane(rows, channel.terminal_->rows);
    try {
      if (channel.endpoint_) channel.endpoint_->resize(channel.terminal_->columns, channel.terminal_->rows);
    } catch (...) {
      return 1;
    }
    return 0;
  }
  static int environment(ssh_session, ssh_channel, const char* name, const char* value, void* user) {
    Channel& channel = self(user);
    if (!name || !value || channel.endpoint_ || channel.environment_.size() >= max_environment) return 1;
    const std::string key = name, text = value;
    // As servers are set up everywhere: only the locale may come from outside.
    if (key.size() > max_name || text.size() > max_value || (key != "LANG" && key.rfind("LC_", 0) != 0)) return 1;
    channel.environment_.emplace_back(key, text);
    return 0;
  }
  static int shell(ssh_session, ssh_channel, void* user) { return run(self(user), std::nullopt); }
  static int exec(ssh_session, ssh_channel, const char* command, void* user) {
    if (!command) return 1;
    return run(self(user), std::string(command));
  }
  static int subsystem(ssh_session, ssh_channel, const char* name, void* user) {
    Channel& channel = self(user);
    if (!name || channel.endpoint_ || channel.ended_) return 1;
    try {
      if (std::string(name) != "sftp") return 1;
      channel.start(
          channel.context_.services.start_sftp(channel.context_.user, channel.context_.ring, channel.context_.log),
          "sftp");
      return channel.endpoint_ ? 0 : 1;
    } catch (...) {
      return 1;
    }
  }
  static int run(Channel& channel, const std::optional<std::string>& command) {
    if (channel.endpoint_ || channel.ended_ || (command && command->size() > max_command)) return 1;
    try {
      channel.start(channel.context_.services.start(channel.context_.user, command, channel.terminal_,
                                                    channel.environment_, channel.context_.ring, channel.context_.log),
                    command ? "exec " + *command : "shell");
      return channel.endpoint_ ? 0 : 1;
    } catch (const std::exception& error) {
      channel.context_.log(std::string("cannot start: ") + error.what());
      return 1;
    } catch (...) {
      return 1;
    }
  }
};

Channel::Channel(ssh_session session, ChannelContext context)
    : session_(session), channel_(ssh_channel_new(session)), context_(std::move(context)) {
  if (!channel_) throw Error(ErrorKind::fault, "libssh: no channel");
  ssh_callbacks_init(&callbacks_);
  callbacks_.userdata = this;
  callbacks_.channel_data_function = ChannelCallbacks::data;
  callbacks_.channel_eof_function = ChannelCallbacks::eof;
  callbacks_.channel_close_function = ChannelCallbacks::close;
  callbacks_.channel_signal_function = ChannelCallbacks::signal;
  callbacks_.channel_pty_request_function = ChannelCallbacks::pty;
  callbacks_.channel_pty_window_change_function = ChannelCallbacks::window;
  callbacks_.channel_env_request_function = ChannelCallbacks::environment;
  callbacks_.channel_shell_request_function = ChannelCallbacks::shell;
  callbacks_.channel_exec_request_function = ChannelCallbacks::exec;
  callbacks_.channel_subsystem_request_function = ChannelCallbacks::subsystem;
  ssh_set_channel_callbacks(channel_, &callbacks_);
}

Channel::~Channel() {
  if (endpoint_) context_.log(what_ + ": closed by the client");
  endpoint_.reset();
  ssh_remove_channel_callbacks(channel_, &callbacks_);
  ssh_channel_free(channel_);
}

void Channel::start(std::unique_ptr<Endpoint> endpoint, const std::string& what) {
  endpoint_ = std::move(endpoint);
  what_ = what;
  context_.log(what + (endpoint_ ? "" : ": refused"));
}

std::size_t Channel::offer(std::span<const std::uint8_t> data) {
  if (ended_) return data.size();  // nobody reads it any more
  if (!endpoint_ || leftover_at_ < leftover_.size()) return 0;
  const std::size_t taken = endpoint_->put(data);
  moved_ += taken;
  return taken;
}

// Input that did not fit earlier: first what was taken already, then what libssh holds.
bool Channel::take_leftover() {
  for (bool moved = false;;) {
    if (leftover_at_ < leftover_.size()) {
      const std::size_t taken = endpoint_->put(std::span(leftover_).subspan(leftover_at_));
      leftover_at_ += taken;
      moved_ += taken;
      moved = moved || taken;
      if (leftover_at_ < leftover_.size()) return moved;
    }
    leftover_.clear();
    leftover_at_ = 0;
    if (!stalled_) return moved;
    // When libssh holds nothing any more it looks at the socket, and the callback may run inside this call. It is taken
    // whole: each read reopens the client's window, so reading in pieces would let it send without end.
    stalled_ = false;
    const int held = ssh_channel_poll(channel_, 0);
    if (held <= 0) continue;
    leftover_.resize(static_cast<std::size_t>(held));
    const int got = ssh_channel_read_nonblocking(channel_, leftover_.data(), static_cast<std::uint32_t>(held), 0);
    leftover_.resize(got > 0 ? static_cast<std::size_t>(got) : 0);
  }
}

bool Channel::send(Output& output, bool errors) {
  for (;;) {
    if (output.sent == output.size) {
      output.buffer.resize(chunk);
      output.sent = 0;
      output.size = endpoint_->get(output.buffer, errors);
      if (output.size == 0) return true;
    }
    // One write at a time lies in libssh's buffer, so a client that does not read costs no memory.
    if (ssh_get_poll_flags(session_) & SSH_WRITE_PENDING) return false;
    const std::size_t window = ssh_channel_window_size(channel_);
    const std::size_t length = std::min(output.size - output.sent, window);
    if (length == 0) return false;
    const auto* from = output.buffer.data() + output.sent;
    const int written = errors ? ssh_channel_write_stderr(channel_, from, static_cast<std::uint32_t>(length))
                               : ssh_channel_write(channel_, from, static_cast<std::uint32_t>(length));
    if (written < 0) {
      closed_ = true;
      return false;
    }
    output.sent += static_cast<std::size_t>(written);
    moved_ += static_cast<std::size_t>(written);
    if (written == 0) return false;
  }
}

void Channel::pump() {
  if (closed_ || !endpoint_) return;
  // Sending makes room for further input of a file server that had to wait with its answers.
  bool sent = false;
  for (bool moved = true; moved && !closed_;) {
    moved = take_leftover();
    if (client_eof_ && !eof_told_ && !stalled_ && leftover_at_ == leftover_.size()) {
      eof_told_ = true;
      endpoint_->end_input();
    }
    sent = send(out_, false) && send(err_, true);
  }
  if (!sent || closed_) return;
  if (const auto status = endpoint_->exit_status()) finish(*status);
}

void Channel::finish(int status) {
  context_.log(what_ + ": exit status " + std::to_string(status));
  endpoint_.reset();
  ended_ = true;
  ssh_channel_request_send_exit_status(channel_, status);
  ssh_channel_send_eof(channel_);
  ssh_channel_close(channel_);
}

}  // namespace vnpu::ssh
