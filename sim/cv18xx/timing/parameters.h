// Chips and boards of the time model as data: every value with where it comes from.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "sim/core/parameters.h"

namespace vnpu::cv18xx {

// Values by the names of parameters.def.
struct TimingValues {
#define VNPU_PARAMETER(member, key, unit, least, most, meaning) double member = 0;
#include "sim/cv18xx/timing/parameters.def"
#undef VNPU_PARAMETER
};

struct TimingBoard : BoardData {
  TimingValues values;
};

// Names of the boards in the data files.
std::vector<std::string> timing_boards();
// The board used when none is named.
std::string default_timing_board(std::string_view chip);

// Values of common.toml, then of the chip, then of the board, then `settings` ("key=value"). Throws Error(usage): an
// unknown board (with the list), an unknown key (with the list of keys), a value that is no number or out of its range.
TimingBoard timing_board(std::string_view name, std::span<const std::string> settings = {});

// The same from a TOML text in the form of the board files; `name` is for messages. Throws Error(damaged) for a text
// that is no TOML or lacks what a board needs.
TimingBoard timing_board_from_text(std::string_view text, const std::string& name,
                                   std::span<const std::string> settings = {});

// Elementary steps of a function on the CPU for each element of its inputs and outputs; counted, so always a guess. A
// function that is not in the data file gets its "default".
struct HostSteps {
  double per_input = 0, per_output = 0;
  std::string note;
};
HostSteps host_steps(std::string_view function);

}  // namespace vnpu::cv18xx
