// Regular expressions of the commands: POSIX, by the C library, with bounded patterns.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

struct re_pattern_buffer;

namespace vnpu::devices::commands {

class Regular {
 public:
  using Span = std::pair<std::size_t, std::size_t>;  // begin, end; npos, npos when the group took no part

  // Nothing when it is wrong, or longer than 4096 bytes with what repetitions multiply.
  static std::optional<Regular> compile(const std::string& pattern, bool extended, bool fold);
  // The first match at or after `from`; spans[0] is the whole, then the groups (up to 9).
  bool search(const std::string& text, std::size_t from, std::vector<Span>& spans) const;

 private:
  std::shared_ptr<re_pattern_buffer> compiled_;
};

}  // namespace vnpu::devices::commands
