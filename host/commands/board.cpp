// vnpu board: a virtual board that users reach with their own ssh, scp and sftp.
#include "devices/board.h"

#include <unistd.h>

#include <csignal>
#include <iostream>

#include "base/error.h"
#include "host/board_devices.h"
#include "host/cli.h"
#include "host/console_board.h"
#include "host/ssh/board_services.h"
#include "host/ssh/server.h"
#include "host/ssh/session_log.h"
#include "host/ssh/ssh_config.h"
#include "host/state_folder.h"

namespace vnpu::cli {
namespace {

namespace fs = std::filesystem;

constexpr std::uint16_t usual_port = 2222;

struct Options {
  std::string board, listen, directory, password, log;
  double idle_minutes = 0;
  std::size_t connections = 128;
  bool strict = false;
  std::string uart;
  BoardDevices devices;
};

std::unique_ptr<devices::Board> open_board(const Options& options) {
  devices::BoardOptions board_options;
  if (!options.directory.empty()) board_options.directory = options.directory;
  board_options.strict_hardware = options.strict;
  options.devices.apply(board_options);
  if (options.password.empty()) return devices::Board::open(options.board, board_options);
  devices::BoardData data = devices::Board::open(options.board)->data();
  for (auto& user : data.users)
    if (!user.password.empty()) user.password = options.password;
  auto board = std::make_unique<devices::Board>(data, board_options);
  if (!board->check_password("root", options.password))
    throw Error(ErrorKind::usage, "the board kept in " + options.directory +
                                      " has another password already: change it there with passwd, or drop --password");
  return board;
}

// A port that others can reach is no place for a password that everybody knows.
void check_reach(devices::Board& board, const std::string& address) {
  if (ssh::is_loopback(address)) return;
  const auto usual = devices::Board::open(board.data().name);
  for (const auto& user : usual->data().users) {
    if (user.password.empty() || !board.check_password(user.name, user.password)) continue;
    throw Error(ErrorKind::usage, "listening on " + address +
                                      ", which others can reach, needs a password of your own: " + user.name +
                                      " still has the well-known one; give --password");
  }
}

std::unique_ptr<ssh::Server> listen(const Options& options, const ssh::ServerOptions& wanted, const ssh::HostKey& key,
                                    ssh::Services& services, const ssh::Log& log) {
  try {
    return std::make_unique<ssh::Server>(wanted, key, services, log);
  } catch (const Error& error) {
    if (!options.listen.empty()) {
      if (wanted.port && wanted.port < 1024 && ::geteuid() != 0)
        throw Error(error.kind(),
                    std::string(error.what()) +
                        "\nPorts below 1024 need root, or once: sysctl net.ipv4.ip_unprivileged_port_start=22");
      throw;
    }
    ssh::ServerOptions any = wanted;  // the usual port is taken, by another board perhaps
    any.port = 0;
    return std::make_unique<ssh::Server>(any, key, services, log);
  }
}

void announce(const devices::Board& board, const ssh::Reachable& at, const fs::path& folder, const ssh::HostKey& key,
              const std::string& password, const Common& common) {
  const fs::path config = folder / "ssh_config", log = folder / "sessions.log";
  if (common.json) {
    const nlohmann::json report = {{"board", at.board},
                                   {"address", at.address},
                                   {"port", at.port},
                                   {"user", at.user},
                                   {"tutorial_address", at.tutorial_address},
                                   {"ssh_config", config.string()},
                                   {"known_hosts", (folder / "known_hosts").string()},
                                   {"log", log.string()},
                                   {"host_key", at.public_key},
                                   {"pid", ::getpid()}};
    std::cout << report.dump() << std::endl;
    return;
  }
  if (common.quiet) return;
  std::cout << paint(common, "bold", board.data().title) << " is up\n"
            << "  ssh -p " << at.port << " " << at.user << "@" << at.address
            << (password.empty() ? "" : "          password: " + password) << "\n";
  if (!at.tutorial_address.empty())
    std::cout << "With the address of the tutorials, also for scp and sftp:\n"
              << "  ssh -F " << config.string() << " " << at.user << "@" << at.tutorial_address << "\n"
              << "or without -F, with this line at the top of ~/.ssh/config:\n"
              << "  Include " << config.string() << "\n";
  std::cout << "host key " << key.fingerprint() << "\nsessions are logged in " << log.string()
            << "\nCtrl-C switches the board off" << std::endl;
}

int run(const Options& options, const Common& common) {
  if (has_console(options.board)) {
    if (!options.listen.empty() || !options.password.empty())
      throw Error(ErrorKind::usage, options.board + " has no SSH: its console is a serial line, see --uart");
    devices::BoardOptions console;
    if (!options.directory.empty()) console.directory = options.directory;
    options.devices.apply(console);
    return run_console(options.board, console, options.uart.empty() ? "pty" : options.uart, common);
  }
  if (!options.uart.empty()) throw Error(ErrorKind::usage, options.board + " offers SSH, not a serial line");
  ssh::ServerOptions server;
  ssh::parse_listen(options.listen, usual_port, server.address, server.port);
  if (options.idle_minutes < 0) throw Error(ErrorKind::usage, "--idle cannot be negative");
  server.limits.idle = std::chrono::milliseconds(static_cast<std::int64_t>(options.idle_minutes * 60'000));
  server.limits.connections = options.connections;
  const StateFolder folder(options.directory);
  const auto board = open_board(options);
  check_reach(*board, server.address);
  if (!board->data().ssh_banner.empty()) server.banner = board->data().ssh_banner;
  std::signal(SIGPIPE, SIG_IGN);

  const auto key = ssh::HostKey::load_or_make(folder.path());
  ssh::SessionLog log(options.log.empty() ? folder.path() / "sessions.log" : fs::path(options.log), common.verbose > 0);
  const auto write = [&log](const std::string& text) { log.write(text); };
  ssh::BoardServices services(*board, write);
  const auto listening = listen(options, server, key, services, write);

  ssh::Reachable at;
  at.board = board->data().name;
  at.tutorial_address = board->data().address;
  at.hostname = board->data().hostname;
  at.address = server.address;
  at.port = listening->port();
  at.public_key = key.public_text();
  folder.write("known_hosts", ssh::known_hosts_text(at));
  folder.write("ssh_config", ssh::ssh_config_text(at, folder.path() / "known_hosts"));
  std::string password = options.password;
  for (const auto& user : board->data().users)
    if (user.name == at.user && password.empty() && board->check_password(user.name, user.password))
      password = user.password;
  log.write(at.board + " is up on " + at.address + " port " + std::to_string(at.port));
  announce(*board, at, folder.path(), key, options.password.empty() ? password : "as given", common);
  listening->run(true);
  log.write(at.board + " is off");
  return 0;
}

}  // namespace

void add_board(CLI::App& app, Common& common, int& status) {
  auto* command = app.add_subcommand("board", "a virtual board: ssh, scp and sftp as to the real one");
  auto options = std::make_shared<Options>();
  command->add_option("BOARD", options->board, "milkv-duo, maixcam, ...")->required();
  command->add_option("--listen", options->listen, "ADDRESS:PORT; otherwise 127.0.0.1:2222, or a free port");
  command->add_option("--dir", options->directory, "keep the board's files and host key in this folder");
  command->add_option("--password", options->password, "instead of the well-known one (or set VNPU_BOARD_PASSWORD)")
      ->envname("VNPU_BOARD_PASSWORD");
  command->add_option("--log", options->log, "file for the log of the sessions");
  command->add_option("--idle", options->idle_minutes, "minutes after which a silent connection is closed; 0: never")
      ->capture_default_str();
  command->add_option("--max-connections", options->connections, "more are turned away")->capture_default_str();
  command->add_flag("--strict-hardware", options->strict,
                    "as the real board: no SFTP on the Duo, programs without their libraries do not start");
  command->add_option("--uart", options->uart, "maix-k210: pty (the default), or tcp:ADDRESS:PORT");
  options->devices.add(*command);
  command->footer(
      "Examples:\n"
      "  vnpu board milkv-duo\n"
      "  vnpu board milkv-duo --dir duo --listen 127.0.42.1:22\n"
      "  vnpu board maix-k210 --dir maix --camera dir:frames --display png:lcd     mpremote connect PTY\n"
      "  vnpu board maixcam --json          one line with port and ssh_config, for scripts");
  command->callback([options, &common, &status] { status = run(*options, common); });
}

}  // namespace vnpu::cli
