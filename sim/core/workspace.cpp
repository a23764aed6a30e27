#include "sim/core/workspace.h"

#include <algorithm>

namespace vnpu {
namespace {
constexpr std::size_t line = 64;
constexpr std::size_t first_block = std::size_t{4} << 20;
}  // namespace

void Workspace::add_block(std::size_t size) {
  auto* bytes = static_cast<std::uint8_t*>(::operator new[](size, std::align_val_t{line}));
  blocks_.push_back({std::unique_ptr<std::uint8_t[], Free>(bytes), size});
  used_ = 0;
}

std::uint8_t* Workspace::take_bytes(std::size_t size) {
  size = (size + line - 1) / line * line;
  if (blocks_.empty() || blocks_.back().size - used_ < size) add_block(std::max(size, first_block));
  std::uint8_t* bytes = blocks_.back().bytes.get() + used_;
  used_ += size;
  return bytes;
}

void Workspace::reset() {
  if (blocks_.size() > 1) {
    // One block as large as all of them, so that the next command of this size finds room at once.
    std::size_t total = 0;
    for (const Block& block : blocks_) total += block.size;
    blocks_.clear();
    add_block(total);
  }
  used_ = 0;
}

}  // namespace vnpu
