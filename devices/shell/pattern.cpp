#include "devices/shell/pattern.h"

#include <algorithm>
#include <cctype>

namespace vnpu::devices::shell {

namespace {

bool in_class(std::string_view name, unsigned char c) {
  if (name == "alpha") return std::isalpha(c);
  if (name == "digit") return std::isdigit(c);
  if (name == "alnum") return std::isalnum(c);
  if (name == "upper") return std::isupper(c);
  if (name == "lower") return std::islower(c);
  if (name == "space") return std::isspace(c);
  if (name == "blank") return c == ' ' || c == '\t';
  if (name == "punct") return std::ispunct(c);
  if (name == "print") return std::isprint(c);
  if (name == "graph") return std::isgraph(c);
  if (name == "cntrl") return std::iscntrl(c);
  if (name == "xdigit") return std::isxdigit(c);
  return false;
}

// One bracket expression at pattern[at] == '['. Returns its end (past ']'), or npos when it is none.
std::size_t bracket(std::string_view pattern, std::size_t at, unsigned char c, bool& hit) {
  std::size_t i = at + 1;
  bool negated = false;
  if (i < pattern.size() && (pattern[i] == '!' || pattern[i] == '^')) {
    negated = true;
    ++i;
  }
  bool found = false;
  const std::size_t first = i;
  while (i < pattern.size() && (pattern[i] != ']' || i == first)) {
    if (pattern[i] == '[' && i + 1 < pattern.size() && pattern[i + 1] == ':') {
      const std::size_t end = pattern.find(":]", i + 2);
      if (end != std::string_view::npos) {
        found |= in_class(pattern.substr(i + 2, end - i - 2), c);
        i = end + 2;
        continue;
      }
    }
    const auto take = [&]() -> unsigned char {
      if (pattern[i] == '\\' && i + 1 < pattern.size()) ++i;
      return static_cast<unsigned char>(pattern[i++]);
    };
    const unsigned char low = take();
    unsigned char high = low;
    if (i + 1 < pattern.size() && pattern[i] == '-' && pattern[i + 1] != ']') {
      ++i;
      high = take();
    }
    found |= c >= low && c <= high;
  }
  if (i >= pattern.size()) return std::string_view::npos;
  hit = found != negated;
  return i + 1;
}

}  // namespace

bool matches(std::string_view pattern, std::string_view text) {
  std::size_t p = 0, t = 0, star = std::string_view::npos, mark = 0;
  for (;;) {
    bool ok = false;
    if (p < pattern.size() && pattern[p] == '*') {
      star = p++;
      mark = t;
      continue;
    }
    if (t == text.size()) {
      if (p == pattern.size()) return true;
    } else if (p < pattern.size()) {
      const auto c = static_cast<unsigned char>(text[t]);
      if (pattern[p] == '?') {
        ok = true;
        ++p;
        // One character of UTF-8.
        if (c >= 0xc0)
          while (t + 1 < text.size() && (static_cast<unsigned char>(text[t + 1]) & 0xc0) == 0x80) ++t;
      } else if (pattern[p] == '[') {
        bool hit = false;
        const std::size_t end = bracket(pattern, p, c, hit);
        if (end == std::string_view::npos) {
          ok = c == '[';
          if (ok) ++p;
        } else if (hit) {
          ok = true;
          p = end;
        }
      } else {
        std::size_t at = p;
        if (pattern[at] == '\\' && at + 1 < pattern.size()) ++at;
        ok = static_cast<unsigned char>(pattern[at]) == c;
        if (ok) p = at + 1;
      }
      if (ok) {
        ++t;
        continue;
      }
    }
    if (star == std::string_view::npos || mark >= text.size()) return false;
    t = ++mark;
    p = star + 1;
  }
}

bool has_wildcards(std::string_view pattern) {
  for (std::size_t i = 0; i < pattern.size(); ++i) {
    if (pattern[i] == '\\') {
      ++i;
    } else if (pattern[i] == '*' || pattern[i] == '?') {
      return true;
    } else if (pattern[i] == '[' && pattern.find(']', i + 2) != std::string_view::npos) {
      return true;
    }
  }
  return false;
}

std::string without_quoting(std::string_view pattern) {
  std::string out;
  for (std::size_t i = 0; i < pattern.size(); ++i) {
    if (pattern[i] == '\\' && i + 1 < pattern.size()) ++i;
    out += pattern[i];
  }
  return out;
}

std::vector<std::string> glob(Vfs& files, const Credentials& who, const std::string& cwd, const std::string& pattern,
                              std::size_t limit) {
  std::vector<std::string> found{pattern.starts_with('/') ? "/" : ""};
  std::size_t at = pattern.find_first_not_of('/');
  while (at < pattern.size() && !found.empty()) {
    const std::size_t end = std::min(pattern.find('/', at), pattern.size());
    const std::string_view part = std::string_view(pattern).substr(at, end - at);
    const std::size_t next = std::min(pattern.find_first_not_of('/', end), pattern.size());
    const bool last = next == pattern.size();
    const bool slash_after = end < pattern.size();
    std::vector<std::string> deeper;
    for (const auto& base : found) {
      if (!has_wildcards(part)) {
        const std::string name = base + without_quoting(part);
        if (files.lstat(who, join(cwd, name))) deeper.push_back(name + (slash_after ? "/" : ""));
        continue;
      }
      const auto entries = files.read_directory(who, base.empty() ? cwd : join(cwd, base));
      if (!entries) continue;
      for (const auto& entry : *entries) {
        if (deeper.size() >= limit) break;
        if (entry.name[0] == '.' && part[0] != '.') continue;
        if (!matches(part, entry.name)) continue;
        const std::string name = base + entry.name;
        if (slash_after) {
          const auto status = files.stat(who, join(cwd, name));
          if (!status || status->type != FileType::directory) continue;
        }
        deeper.push_back(name + (slash_after ? "/" : ""));
      }
    }
    found = std::move(deeper);
    if (last) break;
    at = next;
  }
  std::ranges::sort(found);
  return found;
}

}  // namespace vnpu::devices::shell
