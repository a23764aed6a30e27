// Small pieces of text for listings.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>

namespace vnpu {

std::string hex(std::uint64_t value, int digits = 0);  // 0x0120
// The name as valid UTF-8 without control characters, so that it can neither break a line nor steer a terminal.
std::string printable(const std::string& name);
// At most about `limit` bytes of a name, cut between characters.
std::string shortened(const std::string& name, std::size_t limit);

}  // namespace vnpu
