#include "devices/commands/regular.h"

#include <regex.h>

#include <algorithm>
#include <cstddef>

namespace vnpu::devices::commands {

namespace {

constexpr std::size_t most_nodes = 4096;

// How many nodes the C library makes of a pattern: a counted repetition copies what it repeats, and `+` is `XX*`, so
// that nested ones grow exponentially. Counts may be too high (an ordinary `{`), never too low.
class Size {
 public:
  Size(const std::string& pattern, bool extended) : pattern_(pattern), extended_(extended) {}

  bool affordable() {
    while (at_ < pattern_.size() && total_ <= most_nodes) step();
    // A group left open is an error of the pattern; what it holds is counted all the same.
    while (!outer_.empty()) close();
    return total_ + last_ <= most_nodes;
  }

 private:
  void step() {
    const bool escaped = pattern_[at_] == '\\' && at_ + 1 < pattern_.size();
    const char c = pattern_[at_ + (escaped ? 1 : 0)];
    at_ += escaped ? 2 : 1;
    const bool special = escaped != extended_;
    if (special && c == '(') {
      outer_.push_back(total_ + last_);
      total_ = last_ = 0;
    } else if (special && c == ')') {
      if (!outer_.empty()) close();
    } else if (special && c == '{') {
      repeat(std::max<std::size_t>(1, largest_count()));
    } else if (special && c == '+') {
      repeat(2);
    } else if (!escaped && c == '*') {
      repeat(1);
    } else if (special && c == '?') {
      repeat(1);
    } else {
      if (!escaped && c == '[') skip_bracket();
      total_ += last_;
      last_ = 1;
    }
  }

  void repeat(std::size_t times) { last_ = std::min(most_nodes + 1, (last_ + 1) * times); }

  void close() {
    last_ = std::min(most_nodes + 1, total_ + last_ + 1);
    total_ = outer_.back();
    outer_.pop_back();
  }

  std::size_t largest_count() {
    std::size_t most = 0, value = 0;
    for (; at_ < pattern_.size() && pattern_[at_] != '}'; ++at_) {
      const bool digit = pattern_[at_] >= '0' && pattern_[at_] <= '9';
      value = digit ? std::min(most_nodes, value * 10 + static_cast<std::size_t>(pattern_[at_] - '0')) : 0;
      most = std::max(most, value);
    }
    if (at_ < pattern_.size()) ++at_;
    return most;
  }

  // `]` stands for itself at the beginning; so does all within [: :], [. .] and [= =].
  void skip_bracket() {
    std::size_t at = at_;
    if (at < pattern_.size() && pattern_[at] == '^') ++at;
    if (at < pattern_.size() && pattern_[at] == ']') ++at;
    while (at < pattern_.size() && pattern_[at] != ']') {
      const char kind = pattern_[at] == '[' && at + 1 < pattern_.size() ? pattern_[at + 1] : '\0';
      if (kind == ':' || kind == '.' || kind == '=') {
        const auto end = pattern_.find(std::string{kind, ']'}, at + 2);
        at = end == std::string::npos ? at + 1 : end + 2;
      } else {
        ++at;
      }
    }
    if (at < pattern_.size()) at_ = at + 1;
  }

  const std::string& pattern_;
  bool extended_;
  std::size_t at_ = 0, total_ = 0, last_ = 0;  // of the group being read: all before its last part, and that part
  std::vector<std::size_t> outer_;
};

bool affordable(const std::string& pattern, bool extended) {
  return pattern.size() <= most_nodes && Size(pattern, extended).affordable();
}

}  // namespace

std::optional<Regular> Regular::compile(const std::string& pattern, bool extended, bool fold) {
  if (!affordable(pattern, extended) || pattern.find('\0') != std::string::npos) return std::nullopt;
  auto* raw = new regex_t;
  if (regcomp(raw, pattern.c_str(), (extended ? REG_EXTENDED : 0) | (fold ? REG_ICASE : 0)) != 0) {
    delete raw;
    return std::nullopt;
  }
  Regular out;
  out.compiled_ = std::shared_ptr<regex_t>(raw, [](regex_t* expression) {
    regfree(expression);
    delete expression;
  });
  return out;
}

bool Regular::search(const std::string& text, std::size_t from, std::vector<Span>& spans) const {
  regmatch_t matches[10];
  matches[0].rm_so = static_cast<regoff_t>(from);
  matches[0].rm_eo = static_cast<regoff_t>(text.size());
  // REG_STARTEND: offsets are those of the whole text; ^ matches only at its beginning.
  if (from > text.size() || text.size() > (std::size_t{64} << 20)) return false;
  if (regexec(compiled_.get(), text.c_str(), 10, matches, REG_STARTEND | (from ? REG_NOTBOL : 0)) != 0) return false;
  spans.clear();
  for (const auto& match : matches)
    spans.push_back(match.rm_so < 0
                        ? Span{std::string::npos, std::string::npos}
                        : Span{static_cast<std::size_t>(match.rm_so), static_cast<std::size_t>(match.rm_eo)});
  return true;
}

}  // namespace vnpu::devices::commands
