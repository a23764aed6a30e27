// The memories of one BM1684X TPU: local memory of 64 lanes, static memory, L2 SRAM and one block of DDR.
#pragma once

#include <cstdint>
#include <span>

#include "isa/bm1684x/command.h"
#include "sim/core/workspace.h"
#include "sim/core/zero_pages.h"

namespace vnpu::bm1684x {

// Which lanes the TIU writes (SYS swr): while it is set it replaces both rules of TiuCommand::lane_mask().
struct LaneMaskRegister {
  enum class State : std::uint8_t { off, once, hold };
  State state = State::off;
  std::uint64_t mask = ~std::uint64_t{0};
};

class Memory {
 public:
  // All zero but static memory, which holds the firmware's coefficient tables. `ddr_size` bytes of DDR from ddr_base,
  // taken page by page from the host as they are touched.
  explicit Memory(std::uint64_t ddr_size);

  // lane_count * lane_bytes, lane after lane: a TIU address (lane << 18 | offset) is an offset into this.
  std::span<std::uint8_t> local() { return local_.bytes(); }
  std::span<const std::uint8_t> local() const { return local_.bytes(); }
  std::span<std::uint8_t> lane(std::uint32_t lane) {
    return local().subspan(std::size_t{lane} * lane_bytes, lane_bytes);
  }
  std::span<std::uint8_t> static_memory() { return static_.bytes(); }
  std::span<const std::uint8_t> static_memory() const { return static_.bytes(); }
  std::span<std::uint8_t> l2() { return l2_.bytes(); }
  std::span<const std::uint8_t> l2() const { return l2_.bytes(); }
  std::span<std::uint8_t> ddr() { return ddr_.bytes(); }
  std::span<const std::uint8_t> ddr() const { return ddr_.bytes(); }

  // Checked access; throws Error(fault) naming memory and range when it is not wholly inside.
  // `address` as in a TIU command; the range may run on into the following lanes.
  std::span<std::uint8_t> local_range(std::uint64_t address, std::uint64_t size);
  // Within one lane: `offset` + `size` must not pass its end.
  std::span<std::uint8_t> lane_range(std::uint32_t lane, std::uint64_t offset, std::uint64_t size);
  // `address` as in a GDMA command: local memory, static memory, L2 or DDR, whichever holds it.
  std::span<std::uint8_t> range(std::uint64_t address, std::uint64_t size);

  LaneMaskRegister lane_mask;

  // Room for copies of operands; no part of the chip's state.
  Workspace& workspace() { return workspace_; }

 private:
  ZeroPages local_, static_, l2_, ddr_;
  Workspace workspace_;
};

// True when a GDMA address lies in local memory.
constexpr bool is_local(std::uint64_t address) { return address - local_base < local_bytes; }

// The firmware's coefficient tables, as 32-bit words from the start of static memory.
std::span<const std::uint32_t> static_table();

}  // namespace vnpu::bm1684x
