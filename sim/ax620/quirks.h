// The rules that published AX620A files leave open, by name. Values under any of them are decoded, not proven against
// silicon.
#pragma once

#include <span>
#include <string_view>

namespace vnpu::ax620 {

// One switch a rule; all off = the defaults.
struct Quirks {
#define VNPU_QUIRK(name, where, otherwise, chosen) bool name = false;
#include "sim/ax620/quirks.def"
#undef VNPU_QUIRK
};

struct QuirkRow {
  std::string_view name;
  std::string_view where;
  std::string_view otherwise;  // with the switch off
  std::string_view chosen;     // with it on
  bool Quirks::*flag;
};

std::span<const QuirkRow> quirk_table();

// "vendor" and "none" = the defaults, "NAME,NAME" = those on; throws Error(usage) naming an unknown rule, or two that
// exclude each other.
Quirks parse_quirks(std::string_view text);

}  // namespace vnpu::ax620
