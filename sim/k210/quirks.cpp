#include "sim/k210/quirks.h"

#include <string>

#include "base/error.h"

namespace vnpu::k210 {
namespace {
constexpr QuirkRow rows[] = {
#define VNPU_QUIRK(name, vendor, where, simulator, board) {#name, vendor, where, simulator, board, &Quirks::name},
#include "sim/k210/quirks.def"
#undef VNPU_QUIRK
};
}  // namespace

std::span<const QuirkRow> quirk_table() { return rows; }

Quirks parse_quirks(std::string_view text) {
  Quirks quirks;
  if (text == "vendor") return quirks;
  for (const QuirkRow& row : rows) quirks.*row.flag = text == "simulator";
  if (text == "simulator" || text == "board" || text == "none") return quirks;
  while (!text.empty()) {
    const auto comma = text.find(',');
    const std::string_view item = text.substr(0, comma);
    text = comma == std::string_view::npos ? std::string_view{} : text.substr(comma + 1);
    bool known = false;
    for (const QuirkRow& row : rows) {
      if (row.name == item) known = quirks.*row.flag = true;
    }
    if (!known) {
      std::string names;
      for (const QuirkRow& row : rows) names += "\n  " + std::string(row.name);
      throw Error(ErrorKind::usage, "unknown quirk '" + std::string(item) +
                                        "'; one of vendor, simulator, board, none, or a list of:" + names);
    }
  }
  return quirks;
}

}  // namespace vnpu::k210
