// The memories of one TPU: local memory of all lanes, one block of global memory, eight base registers.
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <vector>

#include "isa/cv18xx/chip.h"
#include "sim/core/workspace.h"
#include "sim/core/zero_pages.h"

namespace vnpu::cv18xx {

class Memory {
 public:
  // `global_bytes` zero bytes of global memory, taken lazily from the host. Local memory starts as zero.
  Memory(const Chip& chip, std::uint64_t global_bytes);

  std::uint32_t lanes() const { return lanes_; }

  // lanes * 0x8000 bytes, lane after lane: local address = lane * 0x8000 + offset.
  std::span<std::uint8_t> local() { return local_; }
  std::span<const std::uint8_t> local() const { return local_; }

  std::span<std::uint8_t> global() { return global_.bytes(); }
  std::span<const std::uint8_t> global() const { return global_.bytes(); }

  // Room for the engines' copies of operands; no part of the chip's state.
  Workspace& workspace() { return workspace_; }

  // Global address of a command = base[sel] + its 40-bit address; an offset into global().
  std::array<std::uint64_t, 8> base{};

  // Checked access: throws Error(fault) naming the range when it is not wholly inside.
  std::span<std::uint8_t> local_range(std::uint64_t address, std::uint64_t size);
  std::span<std::uint8_t> global_range(std::uint64_t address, std::uint64_t size);

 private:
  std::uint32_t lanes_;
  std::vector<std::uint8_t> local_;
  ZeroPages global_;
  Workspace workspace_;
};

}  // namespace vnpu::cv18xx
