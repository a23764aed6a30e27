// vnpu exec: one command on a board, its output, its exit status: for CI.
#include <boost/asio/io_context.hpp>
#include <boost/asio/signal_set.hpp>
#include <csignal>
#include <optional>
#include <thread>

#include "base/error.h"
#include "devices/machine.h"
#include "host/board_devices.h"
#include "host/cli.h"
#include "host/host_streams.h"
#include "host/state_folder.h"
#include "host/transfer.h"

namespace vnpu::cli {
namespace {

struct Options {
  std::string board;
  std::vector<std::string> puts, gets, command;
  std::string user = "root", directory, cwd;
  std::vector<std::string> environment;
  bool strict = false;
  BoardDevices devices;
};

// One word is a line for the shell; several are a program and its arguments, which reach it as they are.
std::string shell_line(const std::vector<std::string>& words) {
  if (words.size() == 1) return words[0];
  std::string line;
  for (const auto& word : words) {
    if (!line.empty()) line += ' ';
    line += '\'';
    for (const char c : word) line += c == '\'' ? std::string("'\\''") : std::string(1, c);
    line += '\'';
  }
  return line;
}

std::pair<std::string, std::string> split(const std::string& text, std::size_t colon, const char* form) {
  if (colon == std::string::npos || colon == 0 || colon + 1 == text.size())
    throw Error(ErrorKind::usage, "'" + text + "' is not " + form);
  return {text.substr(0, colon), text.substr(colon + 1)};
}

// Signals go to the program; a second one ends the session.
class Signals {
 public:
  explicit Signals(devices::Session& session) : session_(session), set_(context_, SIGINT, SIGTERM) {
    wait();
    thread_ = std::thread([this] { context_.run(); });
  }
  ~Signals() {
    context_.stop();
    thread_.join();
  }

 private:
  void wait() {
    set_.async_wait([this](const boost::system::error_code& error, int number) {
      if (error) return;
      if (++count_ == 1) {
        session_.signal(number);
      } else {
        session_.hang_up();
      }
      wait();
    });
  }

  devices::Session& session_;
  boost::asio::io_context context_{1};
  boost::asio::signal_set set_;
  std::thread thread_;
  int count_ = 0;
};

int run(const Options& options) {
  devices::BoardOptions board_options;
  if (!options.directory.empty()) board_options.directory = options.directory;
  board_options.strict_hardware = options.strict;
  options.devices.apply(board_options);
  std::optional<StateFolder> lock;
  if (!options.directory.empty()) lock.emplace(options.directory);
  const auto board = devices::open_machine(options.board, board_options);
  const auto login = board->find_user(options.user);
  if (!login) throw Error(ErrorKind::usage, "the board has no user " + options.user);
  for (const auto& text : options.puts) {
    const auto [file, path] = split(text, text.rfind(':'), "FILE:PATH");
    put(board->files(), login->credentials, file, devices::join(login->home, path));
  }
  std::signal(SIGPIPE, SIG_IGN);
  devices::SessionRequest request;
  request.user = options.user;
  // A microcontroller board has no shell: Python source, or the path of a file ending in .py.
  const bool shell = !login->shell.empty();
  if (!shell && options.command.size() != 1)
    throw Error(ErrorKind::usage,
                "this board runs Python: give the source, or the path of a .py file on it, as one word");
  request.command = shell ? shell_line(options.command) : options.command[0];
  if (!options.cwd.empty()) request.directory = devices::join(login->home, options.cwd);
  for (const auto& text : options.environment)
    request.environment.push_back(split(text + " ", text.find('='), "NAME=VALUE"));
  for (auto& [name, value] : request.environment) value.pop_back();
  request.in = host_input(0);
  request.out = host_output(1);
  request.err = host_output(2);
  const auto session = board->start(std::move(request));
  int status = 0;
  {
    const Signals signals(*session);
    status = session->wait();
  }
  for (const auto& text : options.gets) {
    const auto [path, file] = split(text, text.find(':'), "PATH:FILE");
    get(board->files(), login->credentials, devices::join(login->home, path), file);
  }
  return status;
}

}  // namespace

void add_exec(CLI::App& app, Common&, int& status) {
  auto* command = app.add_subcommand("exec", "runs one command on a fresh virtual board: its output, its exit status");
  auto options = std::make_shared<Options>();
  command->add_option("BOARD", options->board, "milkv-duo, maixcam, ...")->required();
  command->add_option("--put", options->puts, "FILE:PATH, copied to the board before; folders too (repeatable)")
      ->allow_extra_args(false);
  command->add_option("--get", options->gets, "PATH:FILE, copied from the board afterwards (repeatable)")
      ->allow_extra_args(false);
  command->add_option("--env", options->environment, "NAME=VALUE for the command (repeatable)")
      ->allow_extra_args(false);
  command->add_option("--user", options->user, "who runs it")->capture_default_str();
  command->add_option("--cwd", options->cwd, "where it runs, instead of the user's home");
  command->add_option("--dir", options->directory, "keep the board's files in this folder; otherwise it is fresh");
  command->add_flag("--strict-hardware", options->strict,
                    "as the real board: programs without their libraries do not start");
  options->devices.add(*command);
  command
      ->add_option("CMD", options->command,
                   "after --: one word is a line for the board's shell, several are a program and its arguments; for "
                   "maix-k210 Python source or a .py file on the board")
      ->required();
  command->footer(
      "Examples:\n"
      "  vnpu exec milkv-duo --put m.cvimodel:/root/ --put cat.jpg:/root/ --put words.txt:/root/ -- \\\n"
      "      cvi_sample_classifier m.cvimodel cat.jpg words.txt\n"
      "  vnpu exec milkv-duo --put sdk:/root/ --get /root/out.npz:out.npz -- 'cd sdk && ./run.sh > log'\n"
      "  vnpu exec maix-k210 --put face.kmodel:/sd/ --put main.py:/sd/ --camera image:me.jpg --display png:lcd -- "
      "main.py\n"
      "Exit status: the command's own.");
  command->callback([options, &status] { status = run(*options); });
}

}  // namespace vnpu::cli
