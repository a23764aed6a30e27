#include "sim/k210/quirks.h"

#include "sim/core/quirk_list.h"

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
  switch_on(quirks, text, quirk_table(), "vendor, simulator, board, none");
  return quirks;
}

}  // namespace vnpu::k210
