#include "sim/cv18xx/quirks.h"

#include "sim/core/quirk_list.h"

namespace vnpu::cv18xx {
namespace {
constexpr QuirkRow rows[] = {
#define VNPU_QUIRK(name, where, vendor, otherwise) {#name, where, vendor, otherwise, &Quirks::name},
#include "sim/cv18xx/quirks.def"
#undef VNPU_QUIRK
};
}  // namespace

std::span<const QuirkRow> quirk_table() { return rows; }

Quirks parse_quirks(std::string_view text) {
  Quirks quirks;
  if (text == "vendor") return quirks;
  for (const QuirkRow& row : rows) quirks.*row.flag = false;
  if (text == "none") return quirks;
  switch_on(quirks, text, quirk_table(), "vendor, none");
  return quirks;
}

}  // namespace vnpu::cv18xx
