#include "devices/machine.h"

#include <algorithm>

#include "base/error.h"
#include "devices/board.h"
#include "devices/embedded.h"

namespace vnpu::devices {

std::vector<std::string> machine_names() { return embedded_names("linux"); }

std::unique_ptr<Machine> open_machine(const std::string& name, const BoardOptions& options) {
  std::string known;
  for (const auto& board : machine_names()) {
    if (board == name) return Board::open(name, options);
    known += (known.empty() ? "" : ", ") + board;
  }
  throw Error(ErrorKind::usage, "no board is named '" + name + "'; there are " + known);
}

}  // namespace vnpu::devices
