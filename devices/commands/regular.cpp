#include "devices/commands/regular.h"

#include <regex.h>

#include <algorithm>

namespace vnpu::devices::commands {

namespace {

// Counted repetitions multiply the automaton: their product is bounded.
bool affordable(const std::string& pattern) {
  if (pattern.size() > 4096) return false;
  unsigned long product = 1;
  for (std::size_t i = 0; i < pattern.size(); ++i) {
    if (pattern[i] != '{') continue;
    unsigned long most = 0, value = 0;
    for (++i; i < pattern.size() && pattern[i] != '}'; ++i) {
      if (pattern[i] >= '0' && pattern[i] <= '9') {
        value = value * 10 + static_cast<unsigned long>(pattern[i] - '0');
        if (value > 255) return false;
      } else {
        value = 0;
      }
      most = std::max(most, value);
    }
    product *= std::max(1ul, most);
    if (product > 1000) return false;
  }
  return true;
}

}  // namespace

std::optional<Regular> Regular::compile(const std::string& pattern, bool extended, bool fold) {
  if (!affordable(pattern) || pattern.find('\0') != std::string::npos) return std::nullopt;
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
