// The quirk table: each way in which the vendor's simulator departs from the obvious reading has a name and a switch.
#pragma once

#include <span>
#include <string_view>

namespace vnpu::cv18xx {

// One switch a quirk; all on = the vendor's own bytes (the default).
struct Quirks {
#define VNPU_QUIRK(name, where, vendor, otherwise) bool name = true;
#include "sim/cv18xx/quirks.def"
#undef VNPU_QUIRK
};

struct QuirkRow {
  std::string_view name;
  std::string_view where;      // operation
  std::string_view vendor;     // behaviour with the quirk on
  std::string_view otherwise;  // behaviour with it off
  bool Quirks::*flag;
};

std::span<const QuirkRow> quirk_table();

// "vendor" = all on, "none" = all off, "NAME,NAME" = only those on; throws Error(usage) naming an unknown quirk.
Quirks parse_quirks(std::string_view text);

}  // namespace vnpu::cv18xx
