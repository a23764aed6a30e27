// Which lines of two texts belong together: a longest common subsequence after Hunt and McIlroy.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

namespace vnpu::devices::commands {

// A difference: lines [from, from_end) of the first text become [to, to_end) of the second; counted from 0.
struct Edit {
  std::size_t from, from_end, to, to_end;
};

// `minimal`: no bound on the search among lines that occur often.
std::vector<Edit> edits(const std::vector<std::string>& first, const std::vector<std::string>& second, bool minimal);

}  // namespace vnpu::devices::commands
