#include "sim/bm1684x/timing/parameters.h"

#include "sim/bm1684x/timing/data_files.h"

namespace vnpu::bm1684x {
namespace {

constexpr ParameterRow rows[] = {
#define VNPU_PARAMETER(member, key, unit, least, most, meaning) {key, unit, least, most, meaning},
#include "sim/bm1684x/timing/parameters.def"
#undef VNPU_PARAMETER
};
constexpr double TimingValues::*members[] = {
#define VNPU_PARAMETER(member, key, unit, least, most, meaning) &TimingValues::member,
#include "sim/bm1684x/timing/parameters.def"
#undef VNPU_PARAMETER
};

BoardFolder folder() { return {data_files(), rows}; }

TimingBoard with_values(BoardData data) {
  TimingBoard board{std::move(data), {}};
  for (std::size_t i = 0; i < std::size(rows); ++i) board.values.*members[i] = board.sources[i].value;
  return board;
}

}  // namespace

TimingBoard timing_board(std::string_view name, std::span<const std::string> settings) {
  return with_values(folder().board(name, settings));
}

TimingBoard timing_board_from_text(std::string_view text, const std::string& name,
                                   std::span<const std::string> settings) {
  return with_values(folder().board_from_text(text, name, settings));
}

}  // namespace vnpu::bm1684x
