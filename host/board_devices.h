// The options of `vnpu board` and `vnpu exec` for what is connected to a board.
#pragma once

#include <CLI/CLI.hpp>
#include <string>
#include <vector>

#include "devices/machine.h"

namespace vnpu::cli {

struct BoardDevices {
  std::string camera, card;
  std::vector<std::string> displays;

  void add(CLI::App& command) {
    command.add_option("--camera", camera,
                       "pattern[:bars|gradient|checker|moving], image:FILE, dir:FOLDER, y4m:FILE, mjpeg:FILE, none; "
                       "?fps=N, ?loop=0");
    command.add_option("--display", displays, "png:FOLDER, mjpeg:FILE, none (repeatable)")->allow_extra_args(false);
    command.add_option("--sd", card, "this folder is the memory card");
  }
  void apply(devices::BoardOptions& options) const {
    options.camera = camera;
    options.displays = displays;
    if (!card.empty()) options.memory_card = card;
  }
};

}  // namespace vnpu::cli
