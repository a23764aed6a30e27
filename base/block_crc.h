// CRC-32 of a large memory that changes little between two looks at it.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "base/bytes.h"

namespace vnpu {

class BlockCrc {
 public:
  // CRC-32 of `memory`, which must have the same size every time; only blocks that differ from the last call's are
  // summed again. Keeps a copy of the memory.
  std::uint32_t update(std::span<const std::uint8_t> memory);

 private:
  Bytes last_;
  std::vector<std::uint32_t> crcs_;
};

}  // namespace vnpu
