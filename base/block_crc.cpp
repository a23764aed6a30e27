#include "base/block_crc.h"

#include <zlib.h>

#include <algorithm>
#include <cstring>

#include "base/digest.h"

namespace vnpu {
namespace {

constexpr std::size_t block = 1 << 16;

}  // namespace

std::uint32_t BlockCrc::update(std::span<const std::uint8_t> memory) {
  const bool first = last_.size() != memory.size() || crcs_.empty();
  if (first) {
    last_.assign(memory.begin(), memory.end());
    crcs_.assign((memory.size() + block - 1) / block, 0);
  }
  static const auto append_block = crc32_combine_gen(block);
  std::uint32_t all = 0;
  for (std::size_t i = 0; i < crcs_.size(); ++i) {
    const auto part = memory.subspan(i * block, std::min(block, memory.size() - i * block));
    std::uint8_t* const kept = last_.data() + i * block;
    if (first || std::memcmp(kept, part.data(), part.size()) != 0) {
      std::ranges::copy(part, kept);
      crcs_[i] = crc32(part);
    }
    const auto append = part.size() == block ? append_block : crc32_combine_gen(static_cast<z_off_t>(part.size()));
    all = static_cast<std::uint32_t>(crc32_combine_op(all, crcs_[i], append));
  }
  return all;
}

}  // namespace vnpu
