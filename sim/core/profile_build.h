// What the families' profile builders share.
#pragma once

#include <cmath>
#include <cstdint>
#include <string>
#include <unordered_map>
#include <vector>

#include "sim/core/timeline.h"

namespace vnpu {

// Places of texts in Profile::texts, each text once.
class TextIndex {
 public:
  explicit TextIndex(std::vector<std::string>& texts) : texts_(texts) {}

  std::uint32_t operator()(const std::string& words) {
    const auto [at, is_new] = places_.try_emplace(words, static_cast<std::uint32_t>(texts_.size()));
    if (is_new) texts_.push_back(words);
    return at->second;
  }

 private:
  std::vector<std::string>& texts_;
  std::unordered_map<std::string, std::uint32_t> places_;
};

// The memory of a board whose parameters know neither lost runs nor rows.
template <typename Values>
DramTiming dram_timing(const Values& values) {
  DramTiming out;
  out.bus_bits = static_cast<std::uint32_t>(std::llround(values.bus_bits));
  out.mega_transfers = values.mega_transfers;
  out.efficiency = values.efficiency;
  out.turn_bytes = static_cast<std::uint32_t>(std::llround(values.turn_bytes));
  return out;
}

}  // namespace vnpu
