#include "sim/ax620/quirks.h"

#include "base/error.h"
#include "sim/core/quirk_list.h"

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
  switch_on(quirks, text, quirk_table(), "vendor, none");
  if (quirks.round_half_up && quirks.round_truncate) {
    throw Error(ErrorKind::usage, "quirks round_half_up and round_truncate exclude each other");
  }
  return quirks;
}

}  // namespace vnpu::ax620
