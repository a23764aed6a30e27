// The quirk table: each way in which the converters' simulators and the board are known to differ, with a switch.
#pragma once

#include <span>
#include <string_view>

namespace vnpu::k210 {

// One switch a quirk, true = as the simulator; the values here are those of the reference outputs.
struct Quirks {
#define VNPU_QUIRK(name, vendor, where, simulator, board) bool name = vendor;
#include "sim/k210/quirks.def"
#undef VNPU_QUIRK
};

struct QuirkRow {
  std::string_view name;
  bool vendor;
  std::string_view where, simulator, board;
  bool Quirks::*flag;
};

std::span<const QuirkRow> quirk_table();

// "vendor" = as the reference outputs, "simulator" = all on, "board" or "none" = all off, "NAME,NAME" = only those on;
// throws Error(usage) naming an unknown quirk.
Quirks parse_quirks(std::string_view text);

}  // namespace vnpu::k210
