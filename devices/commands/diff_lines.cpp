#include "devices/commands/diff_lines.h"

#include <algorithm>
#include <cmath>
#include <unordered_map>

namespace vnpu::devices::commands {

namespace {

struct Candidate {
  std::size_t x, y;  // lines of both texts, counted from 1
  std::size_t before;
};

// The chains of candidates: ends[k] is the last of the best chain of length k.
class Chains {
 public:
  Chains() {
    candidates_.push_back({0, 0, 0});
    ends_.push_back(0);
  }

  // Line x of the first text equals the lines `places` (ascending) of the second.
  void add(std::size_t x, const std::vector<std::size_t>& places, std::size_t bound) {
    std::size_t before = ends_[0], before_length = 0, tries = 0;
    for (const std::size_t y : places) {
      if (tries >= bound) break;
      if (y <= candidates_[before].y) continue;
      const std::size_t length = search(y);
      if (length != before_length + 1) before = ends_[length - 1];
      if (length >= ends_.size()) {
        ends_.push_back(make(x, y, before));
        break;
      }
      if (candidates_[ends_[length]].y <= y) continue;
      const std::size_t replaced = ends_[length];
      ends_[length] = make(x, y, before);
      before = replaced;
      before_length = length;
      ++tries;
    }
  }

  // match[x] = y of the longest chain.
  void unravel(std::vector<std::size_t>& match, std::size_t offset) const {
    for (std::size_t i = ends_.back(); i != 0; i = candidates_[i].before)
      match[candidates_[i].x + offset] = candidates_[i].y + offset;
  }

 private:
  std::size_t make(std::size_t x, std::size_t y, std::size_t before) {
    candidates_.push_back({x, y, before});
    return candidates_.size() - 1;
  }
  std::size_t search(std::size_t y) const {
    if (candidates_[ends_.back()].y < y) return ends_.size();
    std::size_t low = 0, high = ends_.size();
    while (high - low > 1) {
      const std::size_t middle = (low + high) / 2;
      const std::size_t there = candidates_[ends_[middle]].y;
      if (there == y) return middle;
      (there > y ? high : low) = middle;
    }
    return low + 1;
  }

  std::vector<Candidate> candidates_;
  std::vector<std::size_t> ends_;
};

}  // namespace

std::vector<Edit> edits(const std::vector<std::string>& first, const std::vector<std::string>& second, bool minimal) {
  const std::size_t shorter = std::min(first.size(), second.size());
  std::size_t prefix = 0, suffix = 0;
  while (prefix < shorter && first[prefix] == second[prefix]) ++prefix;
  while (suffix < shorter - prefix && first[first.size() - 1 - suffix] == second[second.size() - 1 - suffix]) ++suffix;

  std::unordered_map<std::string, std::vector<std::size_t>> places;
  for (std::size_t j = prefix; j < second.size() - suffix; ++j) places[second[j]].push_back(j - prefix + 1);
  Chains chains;
  const std::size_t middle = first.size() - suffix - prefix;
  const auto root = static_cast<std::size_t>(std::sqrt(static_cast<double>(middle)));
  const std::size_t bound = minimal ? static_cast<std::size_t>(-1) : std::max<std::size_t>(256, root);
  for (std::size_t i = 0; i < middle; ++i) {
    const auto it = places.find(first[prefix + i]);
    if (it != places.end()) chains.add(i + 1, it->second, bound);
  }

  // match[x]: the line of the second text, counted from 1; 0: none. One more stands behind the end.
  std::vector<std::size_t> match(first.size() + 2, 0);
  for (std::size_t i = 1; i <= prefix; ++i) match[i] = i;
  for (std::size_t i = 0; i < suffix; ++i) match[first.size() - i] = second.size() - i;
  match[first.size() + 1] = second.size() + 1;
  chains.unravel(match, prefix);

  std::vector<Edit> out;
  std::size_t from = 0, to = 0;  // done so far
  for (std::size_t i = 1; i <= first.size() + 1; ++i) {
    if (match[i] == 0) continue;
    if (i - 1 > from || match[i] - 1 > to) out.push_back({from, i - 1, to, match[i] - 1});
    from = i;
    to = match[i];
  }
  return out;
}

}  // namespace vnpu::devices::commands
