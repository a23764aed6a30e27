// `--quirks NAME,NAME`: the list that every family's quirk table is switched by.
#pragma once

#include <span>
#include <string>
#include <string_view>

#include "base/error.h"

namespace vnpu {

// Switches on what `text` lists. Row has `name` and `flag`, a pointer to one bool of Quirks; `presets` are the words
// that the family takes instead of a list, for the message. Throws Error(usage) naming an unknown quirk and all known
// ones.
template <typename Quirks, typename Row>
void switch_on(Quirks& quirks, std::string_view text, std::span<const Row> rows, std::string_view presets) {
  while (!text.empty()) {
    const auto comma = text.find(',');
    const std::string_view item = text.substr(0, comma);
    text = comma == std::string_view::npos ? std::string_view{} : text.substr(comma + 1);
    bool known = false;
    for (const Row& row : rows) {
      if (row.name == item) known = quirks.*row.flag = true;
    }
    if (known) continue;
    std::string names;
    for (const Row& row : rows) names += "\n  " + std::string(row.name);
    throw Error(ErrorKind::usage, "unknown quirk '" + std::string(item) + "'; one of " + std::string(presets) +
                                      ", or a list of:" + names);
  }
}

}  // namespace vnpu
