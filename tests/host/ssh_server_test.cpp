// The SSH server against libssh's client, with endpoints that need no board.
#include "host/ssh/server.h"

#include <gtest/gtest.h>
#include <libssh/libssh.h>
#include <sys/socket.h>

#include <deque>
#include <mutex>
#include <thread>

#include "base/error.h"

namespace vnpu::ssh {
namespace {

// "echo" gives back its input; "slow" takes some of it now and then and counts it; "count N" writes N bytes; "both"
// writes to both outputs; "status N" ends with N; "wait" never ends; a shell tells its terminal's size whenever it
// changes.
class Scripted : public Endpoint {
 public:
  Scripted(const std::string& command, const std::optional<Terminal>& terminal, std::atomic<int>& alive)
      : echo_(command == "echo"), slow_(command == "slow"), wait_(command == "wait" || command.empty()), alive_(alive) {
    ++alive_;
    if (command.rfind("count ", 0) == 0) to_count_ = std::stoul(command.substr(6));
    if (command.rfind("status ", 0) == 0) status_ = std::stoi(command.substr(7));
    if (command == "both") {
      out_ = "to stdout";
      err_ = "to stderr";
    }
    if (terminal) resize(terminal->columns, terminal->rows);
  }
  ~Scripted() override { --alive_; }

  std::size_t put(std::span<const std::uint8_t> input) override {
    if (slow_) {
      const auto now = std::chrono::steady_clock::now();
      if (now - taken_ < std::chrono::milliseconds(10)) return 0;
      taken_ = now;
      const std::size_t taken = std::min<std::size_t>(input.size(), 400'000);
      counted_ += taken;
      return taken;
    }
    if (!echo_) return input.size();
    const std::size_t room = out_.size() < 100'000 ? 100'000 - out_.size() : 0;
    const std::size_t taken = std::min(room, input.size());
    out_.append(reinterpret_cast<const char*>(input.data()), taken);
    return taken;
  }
  void end_input() override {
    ended_ = true;
    if (slow_) out_ = std::to_string(counted_);
  }
  std::size_t get(std::span<std::uint8_t> into, bool errors) override {
    std::string& from = errors ? err_ : out_;
    if (!errors && to_count_) {
      const std::size_t more = std::min<std::size_t>(to_count_, 70'000);
      from.append(more, 'x');
      to_count_ -= more;
    }
    const std::size_t count = std::min(into.size(), from.size());
    std::copy_n(from.begin(), count, into.begin());
    from.erase(0, count);
    return count;
  }
  std::optional<int> exit_status() override {
    if (wait_ || ((echo_ || slow_) && !ended_) || to_count_ || !out_.empty() || !err_.empty()) return std::nullopt;
    return status_;
  }
  void resize(unsigned columns, unsigned rows) override {
    out_ += std::to_string(columns) + "x" + std::to_string(rows) + "\n";
  }
  void signal(const std::string& name) override {
    out_ += name;
    wait_ = false;
  }

 private:
  bool echo_, slow_, wait_, ended_ = false;
  std::size_t counted_ = 0;
  std::chrono::steady_clock::time_point taken_;
  std::atomic<int>& alive_;
  std::size_t to_count_ = 0;
  int status_ = 0;
  std::string out_, err_;
};

class ScriptedServices : public Services {
 public:
  bool password_accepted(const std::string& user, const std::string& password) override {
    return user == "root" && password == "right";
  }
  std::vector<std::string> authorized_keys(const std::string& user) override {
    return user == "root" ? keys : std::vector<std::string>();
  }
  std::unique_ptr<Endpoint> start(const std::string&, const std::optional<std::string>& command,
                                  const std::optional<Terminal>& terminal, const Environment& environment, Ring,
                                  Log) override {
    seen_environment = environment;
    if (command == "refused") return nullptr;
    return std::make_unique<Scripted>(command.value_or(""), terminal, alive);
  }
  std::unique_ptr<Endpoint> start_sftp(const std::string&, Ring, Log) override { return nullptr; }

  std::vector<std::string> keys;
  Environment seen_environment;
  std::atomic<int> alive{0};
};

class SshServerTest : public ::testing::Test {
 protected:
  void serve(Limits limits = {}) {
    ServerOptions options;
    options.banner = "dropbear_2020.81";
    options.limits = limits;
    server = std::make_unique<Server>(options, key, services, [this](const std::string& text) {
      const std::lock_guard lock(mutex);
      log += text + "\n";
    });
    thread = std::thread([this] { server->run(false); });
  }
  ~SshServerTest() override {
    if (server) server->stop();
    if (thread.joinable()) thread.join();
    server.reset();
    EXPECT_EQ(services.alive, 0) << "an endpoint outlived the server";
  }

  struct FreeSession {
    void operator()(ssh_session session) const {
      ssh_disconnect(session);
      ssh_free(session);
    }
  };
  using Session = std::unique_ptr<ssh_session_struct, FreeSession>;

  Session connect() {
    Session session(ssh_new());
    const unsigned port = server->port();
    const bool no_files = false;
    ssh_options_set(session.get(), SSH_OPTIONS_PROCESS_CONFIG, &no_files);
    ssh_options_set(session.get(), SSH_OPTIONS_HOST, "127.0.0.1");
    ssh_options_set(session.get(), SSH_OPTIONS_PORT, &port);
    ssh_options_set(session.get(), SSH_OPTIONS_USER, "root");
    if (ssh_connect(session.get()) != SSH_OK) return nullptr;
    return session;
  }
  Session login() {
    Session session = connect();
    if (!session || ssh_userauth_password(session.get(), nullptr, "right") != SSH_AUTH_SUCCESS) return nullptr;
    return session;
  }
  struct Outcome {
    int status = -1;
    std::string out, err;
  };
  static Outcome run(ssh_session session, const std::string& command, const std::string& input = "") {
    Outcome outcome;
    ssh_channel channel = ssh_channel_new(session);
    if (ssh_channel_open_session(channel) == SSH_OK && ssh_channel_request_exec(channel, command.c_str()) == SSH_OK) {
      std::size_t sent = 0;
      std::vector<char> buffer(100'000);
      bool eof = false;
      while (!ssh_channel_is_eof(channel) && ssh_channel_is_open(channel)) {
        // A client that only writes while nobody takes the echo would wait for ever: at most 500 KB are on their way.
        const bool ahead = sent > outcome.out.size() + 500'000;
        if (sent < input.size() && !ahead) {
          const std::size_t piece = std::min<std::size_t>(input.size() - sent, 50'000);
          const int written = ssh_channel_write(channel, input.data() + sent, static_cast<std::uint32_t>(piece));
          if (written < 0) break;
          sent += static_cast<std::size_t>(written);
        } else if (!eof && sent == input.size()) {
          ssh_channel_send_eof(channel);
          eof = true;
        }
        for (const bool errors : {false, true}) {
          const int got = ssh_channel_read_timeout(channel, buffer.data(), static_cast<std::uint32_t>(buffer.size()),
                                                   errors, (sent < input.size() && !ahead) || errors ? 0 : 10);
          if (got > 0) (errors ? outcome.err : outcome.out).append(buffer.data(), static_cast<std::size_t>(got));
        }
      }
      outcome.status = ssh_channel_get_exit_status(channel);
    }
    ssh_channel_free(channel);
    return outcome;
  }
  std::string logged() {
    const std::lock_guard lock(mutex);
    return log;
  }

  HostKey key = HostKey::load_or_make(std::nullopt);
  ScriptedServices services;
  std::unique_ptr<Server> server;
  std::thread thread;
  std::mutex mutex;
  std::string log;
};

TEST_F(SshServerTest, RunsCommandsWithOutputErrorsAndStatus) {
  serve();
  const Session session = login();
  ASSERT_TRUE(session);
  EXPECT_STREQ(ssh_get_serverbanner(session.get()), "SSH-2.0-dropbear_2020.81");
  const Outcome both = run(session.get(), "both");
  EXPECT_EQ(both.out, "to stdout");
  EXPECT_EQ(both.err, "to stderr");
  EXPECT_EQ(both.status, 0);
  EXPECT_EQ(run(session.get(), "status 134").status, 134);
  EXPECT_EQ(run(session.get(), "refused").status, -1);
  EXPECT_NE(logged().find("exec status 134: exit status 134"), std::string::npos);
}

TEST_F(SshServerTest, KeepsEveryByteThroughSmallBuffers) {
  serve();
  const Session session = login();
  ASSERT_TRUE(session);
  std::string input(5'000'000, '\0');
  for (std::size_t i = 0; i < input.size(); ++i) input[i] = static_cast<char>(i * 2654435761u >> 13);
  const Outcome echo = run(session.get(), "echo", input);
  EXPECT_EQ(echo.status, 0);
  EXPECT_EQ(echo.out.size(), input.size());
  EXPECT_TRUE(echo.out == input);
  EXPECT_EQ(run(session.get(), "count 20000000").out.size(), 20'000'000u);
}

// A fast client is held back by its window, not by disconnecting it or by keeping all it sends.
TEST_F(SshServerTest, SlowProgramsSlowTheirClientsDown) {
  serve();
  const Session session = login();
  ASSERT_TRUE(session);
  ssh_channel channel = ssh_channel_new(session.get());
  ASSERT_EQ(ssh_channel_open_session(channel), SSH_OK);
  ASSERT_EQ(ssh_channel_request_exec(channel, "slow"), SSH_OK);
  const std::vector<char> piece(1'000'000, 'x');
  for (int i = 0; i < 40; ++i) ASSERT_EQ(ssh_channel_write(channel, piece.data(), 1'000'000), 1'000'000) << i;
  ssh_channel_send_eof(channel);
  char answer[16] = {};
  ASSERT_GT(ssh_channel_read_timeout(channel, answer, sizeof answer, 0, 60'000), 0);
  EXPECT_STREQ(answer, "40000000");
  ssh_channel_free(channel);
}

TEST_F(SshServerTest, TerminalsHaveASizeAndSignalsArrive) {
  serve();
  const Session session = login();
  ASSERT_TRUE(session);
  ssh_channel channel = ssh_channel_new(session.get());
  ASSERT_EQ(ssh_channel_open_session(channel), SSH_OK);
  EXPECT_EQ(ssh_channel_request_env(channel, "LC_ALL", "C"), SSH_OK);
  EXPECT_NE(ssh_channel_request_env(channel, "LD_PRELOAD", "x"), SSH_OK);
  ASSERT_EQ(ssh_channel_request_pty_size(channel, "xterm", 100, 30), SSH_OK);
  ASSERT_EQ(ssh_channel_request_shell(channel), SSH_OK);
  char buffer[64] = {};
  ASSERT_EQ(ssh_channel_read_timeout(channel, buffer, 7, 0, 5000), 7);
  EXPECT_STREQ(buffer, "100x30\n");
  ASSERT_EQ(ssh_channel_change_pty_size(channel, 60, 20), SSH_OK);
  ASSERT_EQ(ssh_channel_read_timeout(channel, buffer, 6, 0, 5000), 6);
  EXPECT_EQ(std::string(buffer, 6), "60x20\n");
  ASSERT_EQ(ssh_channel_request_send_signal(channel, "INT"), SSH_OK);
  ASSERT_EQ(ssh_channel_read_timeout(channel, buffer, 3, 0, 5000), 3);
  EXPECT_EQ(std::string(buffer, 3), "INT");
  ssh_channel_free(channel);
  EXPECT_EQ(services.seen_environment, (Environment{{"LC_ALL", "C"}}));
}

TEST_F(SshServerTest, WrongPasswordsAndTooManyOfThemAreRefused) {
  Limits limits;
  limits.login_tries = 3;
  serve(limits);
  const Session session = connect();
  ASSERT_TRUE(session);
  EXPECT_EQ(ssh_userauth_none(session.get(), nullptr), SSH_AUTH_DENIED);
  EXPECT_EQ(ssh_userauth_password(session.get(), nullptr, "wrong"), SSH_AUTH_DENIED);
  EXPECT_EQ(ssh_userauth_password(session.get(), nullptr, ""), SSH_AUTH_DENIED);
  EXPECT_NE(ssh_userauth_password(session.get(), nullptr, "wrong"), SSH_AUTH_SUCCESS);
  EXPECT_NE(ssh_userauth_password(session.get(), nullptr, "right"), SSH_AUTH_SUCCESS);
}

TEST_F(SshServerTest, KeysLogInOnlyWhenListed) {
  serve();
  ssh_key mine = nullptr;
  ASSERT_EQ(ssh_pki_generate(SSH_KEYTYPE_ED25519, 0, &mine), SSH_OK);
  {
    const Session session = connect();
    EXPECT_EQ(ssh_userauth_publickey(session.get(), nullptr, mine), SSH_AUTH_DENIED);
  }
  char* text = nullptr;
  ASSERT_EQ(ssh_pki_export_pubkey_base64(mine, &text), SSH_OK);
  services.keys = {"# my keys", "", "no-pty ssh-ed25519 AAAA damaged", std::string("ssh-ed25519 ") + text + " me@host"};
  ssh_string_free_char(text);
  {
    const Session session = connect();
    EXPECT_EQ(ssh_userauth_publickey(session.get(), nullptr, mine), SSH_AUTH_SUCCESS);
    EXPECT_EQ(run(session.get(), "status 3").status, 3);
  }
  ssh_key_free(mine);
}

TEST_F(SshServerTest, NothingIsOpenedBeforeALogin) {
  serve();
  const Session session = connect();
  ASSERT_TRUE(session);
  ssh_channel channel = ssh_channel_new(session.get());
  EXPECT_NE(ssh_channel_open_session(channel), SSH_OK);
  ssh_channel_free(channel);
}

TEST_F(SshServerTest, ForwardingIsRefused) {
  serve();
  const Session session = login();
  ASSERT_TRUE(session);
  EXPECT_NE(ssh_channel_listen_forward(session.get(), "127.0.0.1", 0, nullptr), SSH_OK);
  ssh_channel channel = ssh_channel_new(session.get());
  EXPECT_NE(ssh_channel_open_forward(channel, "127.0.0.1", static_cast<int>(server->port()), "127.0.0.1", 1), SSH_OK);
  ssh_channel_free(channel);
  EXPECT_EQ(run(session.get(), "status 5").status, 5) << "the connection goes on";
}

TEST_F(SshServerTest, ChannelsAreLimitedAndReused) {
  Limits limits;
  limits.channels = 3;
  serve(limits);
  const Session session = login();
  ASSERT_TRUE(session);
  std::vector<ssh_channel> open;
  for (int i = 0; i < 4; ++i) {
    open.push_back(ssh_channel_new(session.get()));
    EXPECT_EQ(ssh_channel_open_session(open.back()) == SSH_OK, i < 3) << i;
  }
  for (ssh_channel channel : open) ssh_channel_free(channel);
  for (int i = 0; i < 20; ++i) EXPECT_EQ(run(session.get(), "status " + std::to_string(i)).status, i);
}

TEST_F(SshServerTest, LateLoginsIdleAndSurplusConnectionsAreClosed) {
  Limits limits;
  // Long enough that a login on a crowded machine is not late itself.
  limits.login = std::chrono::seconds(4);
  limits.idle = std::chrono::seconds(4);
  limits.connections = 2;
  serve(limits);
  const Session idle = login(), late = connect();
  ASSERT_TRUE(idle);
  ASSERT_TRUE(late);
  EXPECT_FALSE(connect()) << "a third connection";
  ssh_channel channel = ssh_channel_new(idle.get());
  ASSERT_EQ(ssh_channel_open_session(channel), SSH_OK);
  ASSERT_EQ(ssh_channel_request_exec(channel, "wait"), SSH_OK);
  char byte;
  EXPECT_LE(ssh_channel_read(channel, &byte, 1, 0), 0) << "the server hangs up";
  EXPECT_NE(ssh_userauth_password(late.get(), nullptr, "right"), SSH_AUTH_SUCCESS);
  ssh_channel_free(channel);
  EXPECT_NE(logged().find("idle for too long"), std::string::npos);
  EXPECT_NE(logged().find("no login in time"), std::string::npos);
}

TEST_F(SshServerTest, SilentClientsAreAskedAndDropped) {
  Limits limits;
  limits.keep_alive = std::chrono::milliseconds(500);
  limits.keep_alive_misses = 2;
  serve(limits);
  const Session session = login();
  ASSERT_TRUE(session);
  // A client that is never polled does not answer.
  for (int i = 0; i < 200 && logged().find("no sign of life") == std::string::npos; ++i)
    std::this_thread::sleep_for(std::chrono::milliseconds(50));
  EXPECT_NE(logged().find("no sign of life"), std::string::npos);
}

TEST_F(SshServerTest, NonsenseInsteadOfSshIsDropped) {
  serve();
  for (const std::string& text : {std::string("GET / HTTP/1.0\r\n\r\n"), std::string(100'000, 'A'), std::string()}) {
    const int fd = ::socket(AF_INET, SOCK_STREAM, 0);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(server->port());
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    ASSERT_EQ(::connect(fd, reinterpret_cast<sockaddr*>(&address), sizeof address), 0);
    [[maybe_unused]] const auto sent = ::send(fd, text.data(), text.size(), MSG_NOSIGNAL);
    ::close(fd);
  }
  const Session session = login();
  ASSERT_TRUE(session);
  EXPECT_EQ(run(session.get(), "status 0").status, 0);
}

TEST_F(SshServerTest, StopEndsRunningSessions) {
  serve();
  const Session session = login();
  ASSERT_TRUE(session);
  ssh_channel channel = ssh_channel_new(session.get());
  ASSERT_EQ(ssh_channel_open_session(channel), SSH_OK);
  ASSERT_EQ(ssh_channel_request_exec(channel, "wait"), SSH_OK);
  EXPECT_EQ(services.alive, 1);
  server->stop();
  thread.join();
  EXPECT_EQ(services.alive, 0);
  EXPECT_EQ(server->connections(), 0u);
  ssh_channel_free(channel);
}

TEST(SshListen, AddressesAreParsed) {
  std::string address;
  std::uint16_t port = 0;
  parse_listen("127.0.42.1:22", 2222, address, port);
  EXPECT_EQ(address + "/" + std::to_string(port), "127.0.42.1/22");
  parse_listen("[::1]:77", 2222, address, port);
  EXPECT_EQ(address + "/" + std::to_string(port), "::1/77");
  parse_listen(":8022", 2222, address, port);
  EXPECT_EQ(address + "/" + std::to_string(port), "127.0.0.1/8022");
  parse_listen("localhost:1", 2222, address, port);
  EXPECT_EQ(address + "/" + std::to_string(port), "127.0.0.1/1");
  parse_listen("", 2222, address, port);
  EXPECT_EQ(address + "/" + std::to_string(port), "127.0.0.1/2222");
  for (const char* wrong : {"duo:22", "127.0.0.1:", "127.0.0.1:99999", "127.0.0.1:2x", "300.0.0.1:22"})
    EXPECT_THROW(parse_listen(wrong, 1, address, port), Error) << wrong;
  EXPECT_TRUE(is_loopback("127.9.9.9"));
  EXPECT_TRUE(is_loopback("::1"));
  EXPECT_FALSE(is_loopback("0.0.0.0"));
  EXPECT_FALSE(is_loopback("192.168.42.1"));
}

}  // namespace
}  // namespace vnpu::ssh
