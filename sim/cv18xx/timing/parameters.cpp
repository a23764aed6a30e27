#include "sim/cv18xx/timing/parameters.h"

#include <toml++/toml.h>

#include "base/error.h"
#include "sim/cv18xx/timing/data_files.h"

#define VNPU_PARAMETERS "sim/cv18xx/timing/parameters.def"

namespace vnpu::cv18xx {
#include "sim/core/timing_boards.inc"

std::vector<std::string> timing_boards() { return folder().boards(); }

std::string default_timing_board(std::string_view chip) { return std::string(chip) + "-evb"; }

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
