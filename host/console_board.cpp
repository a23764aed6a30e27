#include "host/console_board.h"

#include <unistd.h>

#include <algorithm>
#include <csignal>
#include <filesystem>
#include <iostream>

#include "base/error.h"
#include "devices/embedded.h"
#include "devices/maix/board.h"
#include "host/uart.h"

namespace vnpu::cli {

bool has_console(const std::string& board) {
  const auto names = devices::embedded_names("micropython");
  return std::find(names.begin(), names.end(), board) != names.end();
}

int run_console(const std::string& board, devices::BoardOptions options, const std::string& uart,
                const Common& common) {
  // Waited for below; no thread of the board may get them.
  sigset_t signals, before;
  sigemptyset(&signals);
  for (const int number : {SIGINT, SIGTERM, SIGHUP}) sigaddset(&signals, number);
  ::pthread_sigmask(SIG_BLOCK, &signals, &before);
  std::signal(SIGPIPE, SIG_IGN);
  options.paced = true;
  const auto machine = devices::open_machine(board, options);
  const auto line = open_uart(uart);
  devices::SessionRequest request;
  request.in = line->in();
  request.out = line->out();
  const auto session = machine->start(std::move(request));
  if (common.json) {
    std::cout << nlohmann::json{{"board", board}, {"uart", line->place()}, {"pid", ::getpid()}}.dump() << std::endl;
  } else if (!common.quiet) {
    std::cout << paint(common, "bold", board) << " is up, its console at " << line->place()
              << "\nCtrl-C switches the board off" << std::endl;
  }
  int number = 0;
  ::sigwait(&signals, &number);
  session->hang_up();
  session->wait();
  ::pthread_sigmask(SIG_SETMASK, &before, nullptr);
  return 0;
}

}  // namespace vnpu::cli
