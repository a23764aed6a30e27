// Parameters of a time model as data: a family's table of what there is, TOML files with values and where each comes
// from, settings of the user on top.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace vnpu {

struct DataFile {         // carried in the program
  std::string_view path;  // below the family's folder: "boards/maixcam.toml"
  std::string_view text;
};

struct ParameterRow {
  std::string_view key, unit;
  double least = 0, most = 0;
  std::string_view meaning;
};

struct ParameterSource {
  std::string_view key, unit, meaning;
  double value = 0;
  std::string from;  // "measured", "published", "inferred", "fitted", "guessed", "set" (by the user)
  std::string note;  // the source in words
  std::string file;  // data file, or "--set"
};

struct BoardData {
  std::string name, title, chip;
  std::vector<std::string> accepts;      // chips whose models run on it
  std::string status;                    // "validated", or why a time on it is not
  std::vector<ParameterSource> sources;  // one a row, in their order
};

struct Profile;

// What a profile says of its board: names, status, and every parameter with its source.
void describe_board(Profile& profile, const BoardData& board);

// The data files of one family: common.toml where there is one, chips/CHIP.toml, boards/BOARD.toml.
class BoardFolder {
 public:
  // Both must outlive the folder.
  BoardFolder(std::span<const DataFile> files, std::span<const ParameterRow> rows) : files_(files), rows_(rows) {}

  std::vector<std::string> boards() const;  // names, sorted

  // Values of common.toml, then of the chip, then of the board, then `settings` ("key=value"). Throws Error(usage): an
  // unknown board (with the list), an unknown key (with the list of keys), a value that is no number or out of its
  // range.
  BoardData board(std::string_view name, std::span<const std::string> settings) const;
  // The same from a text in the form of the board files; `name` is for messages. Throws Error(damaged) for a text that
  // is no TOML or lacks what a board needs.
  BoardData board_from_text(std::string_view text, const std::string& name,
                            std::span<const std::string> settings) const;

 private:
  const DataFile* find(std::string_view path) const;

  std::span<const DataFile> files_;
  std::span<const ParameterRow> rows_;
};

}  // namespace vnpu
