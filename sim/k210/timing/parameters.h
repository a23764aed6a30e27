// The K210's boards as parameters of its time model.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "sim/core/parameters.h"

namespace vnpu::k210 {

struct TimingValues {
#define VNPU_PARAMETER(member, key, unit, least, most, meaning) double member = 0;
#include "sim/k210/timing/parameters.def"
#undef VNPU_PARAMETER
};

struct TimingBoard : BoardData {
  TimingValues values;
};

inline constexpr const char* default_timing_board = "maix-k210";

// Errors: see BoardFolder.
TimingBoard timing_board(std::string_view name, std::span<const std::string> settings = {});
TimingBoard timing_board_from_text(std::string_view text, const std::string& name,
                                   std::span<const std::string> settings = {});

}  // namespace vnpu::k210
