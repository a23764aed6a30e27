#include "sim/cv18xx/timing/parameters.h"

#include <toml++/toml.h>

#include "base/error.h"
#include "sim/cv18xx/timing/data_files.h"

namespace vnpu::cv18xx {
namespace {

constexpr ParameterRow rows[] = {
#define VNPU_PARAMETER(member, key, unit, least, most, meaning) {key, unit, least, most, meaning},
#include "sim/cv18xx/timing/parameters.def"
#undef VNPU_PARAMETER
};
constexpr double TimingValues::*members[] = {
#define VNPU_PARAMETER(member, key, unit, least, most, meaning) &TimingValues::member,
#include "sim/cv18xx/timing/parameters.def"
#undef VNPU_PARAMETER
};

BoardFolder folder() { return {data_files(), rows}; }

TimingBoard with_values(BoardData data) {
  TimingBoard board{std::move(data), {}};
  for (std::size_t i = 0; i < std::size(rows); ++i) board.values.*members[i] = board.sources[i].value;
  return board;
}

}  // namespace

std::vector<std::string> timing_boards() { return folder().boards(); }

std::string default_timing_board(std::string_view chip) { return std::string(chip) + "-evb"; }

TimingBoard timing_board_from_text(std::string_view text, const std::string& name,
                                   std::span<const std::string> settings) {
  return with_values(folder().board_from_text(text, name, settings));
}

TimingBoard timing_board(std::string_view name, std::span<const std::string> settings) {
  return with_values(folder().board(name, settings));
}

HostSteps host_steps(std::string_view function) {
  constexpr const char* name = "host_functions.toml";
  std::string_view text;
  for (const DataFile& file : data_files()) {
    if (file.path == name) text = file.text;
  }
  const toml::table file = toml::parse(text, std::string_view(name));
  const auto* fields = file[function].as_table();
  if (!fields) fields = file["default"].as_table();
  const auto number = [&](const char* key) {
    const auto value = fields ? (*fields)[key].value<double>() : std::nullopt;
    if (!value || *value < 0) throw Error(ErrorKind::internal, std::string(name) + ": " + key + " is missing");
    return *value;
  };
  return {number("per_input"), number("per_output"), (*fields)["note"].value_or(std::string())};
}

}  // namespace vnpu::cv18xx
