#include "sim/ax620/quirks.h"

#include <string>

#include "base/error.h"

namespace vnpu::ax620 {
namespace {
constexpr QuirkRow rows[] = {
#define VNPU_QUIRK(name, where, otherwise, chosen) {#name, where, otherwise, chosen, &Quirks::name},
#include "sim/ax620/quirks.def"
#undef VNPU_QUIRK
};
}  // namespace

std::span<const QuirkRow> quirk_table() { return rows; }

Quirks parse_quirks(std::string_view text) {
  Quirks quirks;
  if (text == "vendor" || text == "none") return quirks;
  while (!text.empty()) {
    const auto comma = text.find(',');
    const std::string_view item = text.substr(0, comma);
    text = comma == std::string_view::npos ? std::string_view{} : text.substr(comma + 1);
    bool known = false;
    for (const QuirkRow& row : rows) {
      if (row.name == item) known = quirks.*row.flag = true;
    }
    if (known) continue;
    std::string names;
    for (const QuirkRow& row : rows) names += "\n  " + std::string(row.name);
    throw Error(ErrorKind::usage,
                "unknown quirk '" + std::string(item) + "'; one of vendor, none, or a list of:" + names);
  }
  if (quirks.round_half_up && quirks.round_truncate) {
    throw Error(ErrorKind::usage, "quirks round_half_up and round_truncate exclude each other");
  }
  return quirks;
}

}  // namespace vnpu::ax620
