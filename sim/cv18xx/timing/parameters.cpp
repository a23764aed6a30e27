#include "sim/cv18xx/timing/parameters.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <cstdio>
#include <map>
#include <sstream>

#define TOML_EXCEPTIONS 1
#include <toml++/toml.h>

#include "base/error.h"
#include "sim/cv18xx/timing/data_files.h"

namespace vnpu::cv18xx {
namespace {

struct Row {
  double TimingValues::*member;
  std::string_view key, unit;
  double least, most;
  std::string_view meaning;
};

constexpr Row rows[] = {
#define VNPU_PARAMETER(member, key, unit, least, most, meaning) \
  {&TimingValues::member, key, unit, least, most, meaning},
#include "sim/cv18xx/timing/parameters.def"
#undef VNPU_PARAMETER
};

constexpr std::string_view origins[] = {"measured", "published", "inferred", "fitted", "guessed", "set"};

std::string known_keys() {
  std::string text;
  for (const Row& row : rows) text += (text.empty() ? "" : ", ") + std::string(row.key);
  return text;
}

std::string number(double value) {
  char text[32];
  std::snprintf(text, sizeof text, "%g", value);
  return text;
}

std::size_t find_row(std::string_view key, ErrorKind kind, const std::string& where) {
  for (std::size_t i = 0; i < std::size(rows); ++i) {
    if (rows[i].key == key) return i;
  }
  throw Error(kind, where + "unknown parameter '" + std::string(key) + "'; known are: " + known_keys());
}

void assign(TimingBoard& board, std::size_t at, double value, ErrorKind kind, const std::string& where) {
  const Row& row = rows[at];
  if (!std::isfinite(value) || value < row.least || value > row.most) {
    throw Error(kind, where + std::string(row.key) + " = " + number(value) + " is impossible: " + number(row.least) +
                          " to " + number(row.most) + (row.unit.empty() ? "" : " ") + std::string(row.unit) + " (" +
                          std::string(row.meaning) + ")");
  }
  board.values.*row.member = value;
  board.sources[at].value = value;
}

toml::table parse(std::string_view text, const std::string& name) {
  try {
    return toml::parse(text, name);
  } catch (const toml::parse_error& error) {
    std::ostringstream message;
    message << name << " line " << error.source().begin.line << ": " << error.description();
    throw Error(ErrorKind::damaged, message.str());
  }
}

// Tables of {value, from, note}; plain keys of the top level are the caller's.
void apply(TimingBoard& board, const toml::table& file, const std::string& name) {
  for (const auto& [group, node] : file) {
    const auto* table = node.as_table();
    if (!table) continue;
    for (const auto& [key, entry] : *table) {
      const std::string where = name + ": ";
      const std::size_t at =
          find_row(std::string(group.str()) + "." + std::string(key.str()), ErrorKind::damaged, where);
      const auto* fields = entry.as_table();
      const auto value = fields ? (*fields)["value"].value<double>() : std::nullopt;
      const auto from = fields ? (*fields)["from"].value<std::string>() : std::nullopt;
      if (!value || !from || std::ranges::find(origins, *from) == std::end(origins)) {
        throw Error(ErrorKind::damaged, where + std::string(rows[at].key) +
                                            ": needs a value and where it comes from (from = \"measured\", "
                                            "\"published\", \"inferred\", \"fitted\" or \"guessed\")");
      }
      assign(board, at, *value, ErrorKind::damaged, where);
      board.sources[at].from = *from;
      board.sources[at].note = (*fields)["note"].value_or(std::string());
      board.sources[at].file = name;
    }
  }
}

std::string_view data_file(std::string_view path) {
  for (const DataFile& file : data_files()) {
    if (file.path == path) return file.text;
  }
  throw Error(ErrorKind::internal, "data file " + std::string(path) + " is not in this build");
}

void apply_setting(TimingBoard& board, const std::string& setting) {
  const auto equals = setting.find('=');
  if (equals == std::string::npos)
    throw Error(ErrorKind::usage, "--set '" + setting + "': use KEY=VALUE; known keys are: " + known_keys());
  const std::string text = setting.substr(equals + 1);
  const std::size_t at = find_row(std::string_view(setting).substr(0, equals), ErrorKind::usage, "--set: ");
  double value = 0;
  const auto [end, problem] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (problem != std::errc() || end != text.data() + text.size())
    throw Error(ErrorKind::usage, "--set " + std::string(rows[at].key) + ": '" + text + "' is not a number");
  assign(board, at, value, ErrorKind::usage, "--set: ");
  board.sources[at].from = "set";
  board.sources[at].note.clear();
  board.sources[at].file = "--set";
}

}  // namespace

std::vector<std::string> timing_boards() {
  std::vector<std::string> names;
  for (const DataFile& file : data_files()) {
    constexpr std::string_view folder = "boards/", ending = ".toml";
    if (!file.path.starts_with(folder)) continue;
    names.emplace_back(file.path.substr(folder.size(), file.path.size() - folder.size() - ending.size()));
  }
  std::ranges::sort(names);
  return names;
}

std::string default_timing_board(std::string_view chip) { return std::string(chip) + "-evb"; }

TimingBoard timing_board_from_text(std::string_view text, const std::string& name,
                                   std::span<const std::string> settings) {
  TimingBoard board;
  board.name = name;
  const toml::table file = parse(text, name);
  for (const auto& [key, node] : file) {
    if (!node.is_table() && key.str() != "title" && key.str() != "chip" && key.str() != "accepts" &&
        key.str() != "status") {
      throw Error(ErrorKind::damaged, name + ": unknown key '" + std::string(key.str()) +
                                          "'; known are: title, chip, accepts, status and the tables of parameters");
    }
  }
  board.title = file["title"].value_or(std::string());
  board.chip = file["chip"].value_or(std::string());
  board.status = file["status"].value_or(std::string("not validated"));
  if (const auto* list = file["accepts"].as_array()) {
    for (const auto& each : *list) board.accepts.push_back(each.value_or(std::string()));
  }
  const std::string chip_path = "chips/" + board.chip + ".toml";
  const auto files = data_files();
  if (std::ranges::none_of(files, [&](const DataFile& each) { return each.path == chip_path; }))
    throw Error(ErrorKind::damaged, name + ": chip '" + board.chip + "' is not known");
  for (const Row& row : rows) board.sources.push_back({row.key, row.unit, row.meaning, 0, {}, {}, {}});
  apply(board, parse(data_file("common.toml"), "common.toml"), "common.toml");
  apply(board, parse(data_file(chip_path), chip_path), chip_path);
  apply(board, file, name);
  for (std::size_t i = 0; i < std::size(rows); ++i) {
    if (board.sources[i].file.empty())
      throw Error(ErrorKind::damaged, name + ": no value for " + std::string(rows[i].key));
  }
  for (const std::string& setting : settings) apply_setting(board, setting);
  return board;
}

TimingBoard timing_board(std::string_view name, std::span<const std::string> settings) {
  const auto names = timing_boards();
  if (std::ranges::find(names, name) == names.end()) {
    std::string text;
    for (const auto& each : names) text += (text.empty() ? "" : ", ") + each;
    throw Error(ErrorKind::usage, "unknown board '" + std::string(name) + "'; known are: " + text);
  }
  return timing_board_from_text(data_file("boards/" + std::string(name) + ".toml"), std::string(name), settings);
}

HostSteps host_steps(std::string_view function) {
  constexpr const char* name = "host_functions.toml";
  const toml::table file = parse(data_file(name), name);
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
