// The BM1684X's boards as parameters of its time model.
#pragma once

#include <span>
#include <string>
#include <string_view>

#include "sim/core/parameters.h"

namespace vnpu::bm1684x {

struct TimingValues {
#define VNPU_PARAMETER(member, key, unit, least, most, meaning) double member = 0;
#include "sim/bm1684x/timing/parameters.def"
#undef VNPU_PARAMETER
};

struct TimingBoard : BoardData {
  TimingValues values;
};

inline constexpr const char* default_timing_board = "bm1684x-soc";

// Errors: see BoardFolder.
TimingBoard timing_board(std::string_view name, std::span<const std::string> settings = {});
TimingBoard timing_board_from_text(std::string_view text, const std::string& name,
                                   std::span<const std::string> settings = {});

}  // namespace vnpu::bm1684x
