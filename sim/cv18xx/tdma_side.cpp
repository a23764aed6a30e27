#include "sim/cv18xx/tdma_side.h"

#include <algorithm>
#include <string>

#include "base/error.h"
#include "sim/cv18xx/tdma_form.h"

namespace vnpu::cv18xx {
namespace {

TdmaSide side_of(Memory& memory, bool local, std::uint32_t format, std::uint32_t select, std::uint64_t address) {
  TdmaSide side;
  side.local = local;
  side.lanes = memory.lanes();
  side.memory = local ? memory.local() : memory.global();
  // A base register beyond the memory stays beyond it; it must not wrap round into the memory.
  side.start = local ? address : std::min(memory.base[select], std::uint64_t{1} << 62) + address;
  side.element = format == 2 ? 2 : 1;
  side.w_stride = side.element;
  return side;
}

void check(const TdmaCommand& command, const TdmaSide& side, const Extent& extent, const char* which) {
  if (side.start >= side.memory.size()) {
    throw Error(ErrorKind::fault, tdma_mnemonic(command) + ": " + which + " address " + std::to_string(side.start) +
                                      " is outside the " + (side.local ? "local" : "global") + " memory of " +
                                      std::to_string(side.memory.size()) + " bytes");
  }
  // No element may leave its lane.
  const auto limit = side.local ? std::uint64_t{lane_bytes} : side.memory.size();
  const auto range = range_of(side, extent);
  if (range.end > limit) {
    throw Error(ErrorKind::fault, tdma_mnemonic(command) + ": " + which + " reaches from byte " +
                                      std::to_string(range.begin) + " to " + std::to_string(range.end) + " of the " +
                                      (side.local ? "local memory of a lane" : "global memory") + ", which has " +
                                      std::to_string(limit) + " bytes");
  }
}

}  // namespace

TdmaSide source_side(const TdmaCommand& command, Memory& memory) {
  const bool local = command.trans_dir == l2g || command.trans_dir == l2l;
  auto side = side_of(memory, local, command.src_fmt, command.src_base_reg_sel, command.src_address());
  side.n_stride = command.src_n_stride;
  side.c_stride = command.src_c_stride();
  side.h_stride = command.src_h_stride;
  return side;
}

TdmaSide destination_side(const TdmaCommand& command, Memory& memory) {
  const bool local = command.trans_dir == g2l || command.trans_dir == l2l;
  auto side = side_of(memory, local, command.dst_fmt, command.dst_base_reg_sel, command.dst_address());
  side.n_stride = command.dst_n_stride;
  side.c_stride = command.dst_c_stride();
  side.h_stride = command.dst_h_stride;
  return side;
}

ByteRange range_of(const TdmaSide& side, const Extent& extent) {
  const std::uint64_t n = extent[0] - 1, c = extent[1] - 1, h = extent[2] - 1, w = extent[3] - 1;
  const auto begin = side.local ? side.start % lane_bytes : side.start;
  const auto rounds = side.local ? (side.start / lane_bytes + c) / side.lanes : c;
  return {begin,
          begin + n * side.n_stride + rounds * side.c_stride + h * side.h_stride + w * side.w_stride + side.element};
}

void check_source(const TdmaCommand& command, const TdmaSide& side, const Extent& extent) {
  check(command, side, extent, "source");
}

void check_destination(const TdmaCommand& command, const TdmaSide& side, const Extent& extent) {
  check(command, side, extent, "destination");
  if (count_of(extent) > side.memory.size() / side.element) {
    refuse_tdma(command, "dst strides",
                std::to_string(count_of(extent)) + " elements are written to a memory of " +
                    std::to_string(side.memory.size()) + " bytes");
  }
}

}  // namespace vnpu::cv18xx
