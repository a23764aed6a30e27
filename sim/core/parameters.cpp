#include "sim/core/parameters.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <cstdio>
#include <sstream>

#define TOML_EXCEPTIONS 1
#include <toml++/toml.h>

#include "base/error.h"
#include "sim/core/profile.h"

namespace vnpu {
namespace {

constexpr std::string_view origins[] = {"measured", "published", "inferred", "fitted", "guessed", "set"};

using Rows = std::span<const ParameterRow>;

std::string known_keys(Rows rows) {
  std::string text;
  for (const ParameterRow& row : rows) text += (text.empty() ? "" : ", ") + std::string(row.key);
  return text;
}

std::string number(double value) {
  char text[32];
  std::snprintf(text, sizeof text, "%g", value);
  return text;
}

std::size_t find_row(Rows rows, std::string_view key, ErrorKind kind, const std::string& where) {
  for (std::size_t i = 0; i < rows.size(); ++i) {
    if (rows[i].key == key) return i;
  }
  throw Error(kind, where + "unknown parameter '" + std::string(key) + "'; known are: " + known_keys(rows));
}

void assign(BoardData& board, const ParameterRow& row, std::size_t at, double value, ErrorKind kind,
            const std::string& where) {
  if (!std::isfinite(value) || value < row.least || value > row.most) {
    throw Error(kind, where + std::string(row.key) + " = " + number(value) + " is impossible: " + number(row.least) +
                          " to " + number(row.most) + (row.unit.empty() ? "" : " ") + std::string(row.unit) + " (" +
                          std::string(row.meaning) + ")");
  }
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
void apply(BoardData& board, Rows rows, const toml::table& file, const std::string& name) {
  for (const auto& [group, node] : file) {
    const auto* table = node.as_table();
    if (!table) continue;
    for (const auto& [key, entry] : *table) {
      const std::string where = name + ": ";
      const std::size_t at =
          find_row(rows, std::string(group.str()) + "." + std::string(key.str()), ErrorKind::damaged, where);
      const auto* fields = entry.as_table();
      const auto value = fields ? (*fields)["value"].value<double>() : std::nullopt;
      const auto from = fields ? (*fields)["from"].value<std::string>() : std::nullopt;
      if (!value || !from || std::ranges::find(origins, *from) == std::end(origins)) {
        throw Error(ErrorKind::damaged, where + std::string(rows[at].key) +
                                            ": needs a value and where it comes from (from = \"measured\", "
                                            "\"published\", \"inferred\", \"fitted\" or \"guessed\")");
      }
      assign(board, rows[at], at, *value, ErrorKind::damaged, where);
      board.sources[at].from = *from;
      board.sources[at].note = (*fields)["note"].value_or(std::string());
      board.sources[at].file = name;
    }
  }
}

void apply_setting(BoardData& board, Rows rows, const std::string& setting) {
  const auto equals = setting.find('=');
  if (equals == std::string::npos)
    throw Error(ErrorKind::usage, "--set '" + setting + "': use KEY=VALUE; known keys are: " + known_keys(rows));
  const std::string text = setting.substr(equals + 1);
  const std::size_t at = find_row(rows, std::string_view(setting).substr(0, equals), ErrorKind::usage, "--set: ");
  double value = 0;
  const auto [end, problem] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (problem != std::errc() || end != text.data() + text.size())
    throw Error(ErrorKind::usage, "--set " + std::string(rows[at].key) + ": '" + text + "' is not a number");
  assign(board, rows[at], at, value, ErrorKind::usage, "--set: ");
  board.sources[at].from = "set";
  board.sources[at].note.clear();
  board.sources[at].file = "--set";
}

}  // namespace

std::vector<std::string> BoardFolder::boards() const {
  std::vector<std::string> names;
  for (const DataFile& file : files_) {
    constexpr std::string_view folder = "boards/", ending = ".toml";
    if (!file.path.starts_with(folder)) continue;
    names.emplace_back(file.path.substr(folder.size(), file.path.size() - folder.size() - ending.size()));
  }
  std::ranges::sort(names);
  return names;
}

const DataFile* BoardFolder::find(std::string_view path) const {
  for (const DataFile& file : files_) {
    if (file.path == path) return &file;
  }
  return nullptr;
}

BoardData BoardFolder::board_from_text(std::string_view text, const std::string& name,
                                       std::span<const std::string> settings) const {
  BoardData board;
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
  const DataFile* chip = find(chip_path);
  if (!chip) throw Error(ErrorKind::damaged, name + ": chip '" + board.chip + "' is not known");
  for (const ParameterRow& row : rows_) board.sources.push_back({row.key, row.unit, row.meaning, 0, {}, {}, {}});
  const DataFile* common = find("common.toml");
  if (common) apply(board, rows_, parse(common->text, "common.toml"), "common.toml");
  apply(board, rows_, parse(chip->text, chip_path), chip_path);
  apply(board, rows_, file, name);
  for (std::size_t i = 0; i < rows_.size(); ++i) {
    if (board.sources[i].file.empty())
      throw Error(ErrorKind::damaged, name + ": no value for " + std::string(rows_[i].key));
  }
  for (const std::string& setting : settings) apply_setting(board, rows_, setting);
  return board;
}

BoardData BoardFolder::board(std::string_view name, std::span<const std::string> settings) const {
  const DataFile* file = find("boards/" + std::string(name) + ".toml");
  if (!file) {
    std::string text;
    for (const auto& each : boards()) text += (text.empty() ? "" : ", ") + each;
    throw Error(ErrorKind::usage, "unknown board '" + std::string(name) + "'; known are: " + text);
  }
  return board_from_text(file->text, std::string(name), settings);
}

void describe_board(Profile& profile, const BoardData& board) {
  profile.chip = board.chip;
  profile.board = board.name;
  profile.board_title = board.title;
  profile.status = board.status;
  for (const ParameterSource& each : board.sources) {
    profile.parameters.push_back(
        {std::string(each.key), std::string(each.unit), std::string(each.meaning), each.value, each.from, each.note});
  }
}

}  // namespace vnpu
