#include "devices/machine.h"

#include <algorithm>

#include "base/error.h"
#include "devices/board.h"
#include "devices/embedded.h"
#include "devices/maix/board.h"

namespace vnpu::devices {

std::vector<std::string> machine_names() {
  auto out = embedded_names("linux");
  for (const auto& name : embedded_names("micropython")) out.push_back(name);
  std::sort(out.begin(), out.end());
  return out;
}

std::unique_ptr<Machine> open_machine(const std::string& name, const BoardOptions& options) {
  std::string known;
  for (const auto& board : machine_names()) {
    known += (known.empty() ? "" : ", ") + board;
    if (board != name) continue;
    for (const auto& python : embedded_names("micropython"))
      if (python == name)
        return std::make_unique<maix::MaixBoard>(maix::parse_maix_data(embedded_text(name), name), options);
    if (!options.camera.empty() || !options.displays.empty() || options.memory_card)
      throw Error(ErrorKind::usage, name + " has no camera, panel or card here");
    return Board::open(name, options);
  }
  throw Error(ErrorKind::usage, "no board is named '" + name + "'; there are " + known);
}

}  // namespace vnpu::devices
