// Pieces shared by the printers of both engines.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/text.h"
#include "isa/cv18xx/print.h"

namespace vnpu::cv18xx {

// The parts of a line behind the mnemonic.
struct Line {
  std::vector<std::string> operands;
  std::vector<std::string> attributes;
  std::vector<std::string> notes;  // comment
};

Line line_of(const TiuCommand& command, const PrintOptions& options);
Line line_of(const TdmaCommand& command, const PrintOptions& options);

// Global addresses of a TDMA command, for names: source first.
struct GlobalSide {
  unsigned sel;
  std::uint64_t offset;
};
std::vector<GlobalSide> global_sides(const TdmaCommand& command);

std::string local_address(std::uint64_t address);  // L0+0x0120
std::string global_address(unsigned sel, std::uint64_t offset);
std::string bf16_text(std::uint32_t bits);  // 0x3f80(1)
std::string pair(std::uint32_t y, std::uint32_t x);
struct Dims {
  std::uint32_t n = 1, c = 1, h = 1, w = 1;
  bool operator==(const Dims&) const = default;
};
std::string text(const Dims& dims);  // 1x16x32x32

struct Strides {
  std::uint64_t n = 0, c = 0, h = 0, w = 0;  // bytes
};
// Packed layouts: in one lane's local memory from start lane `lane`, with channels aligned to 16 bytes or not; and in
// global memory.
Strides packed_local(const Dims& dims, std::uint32_t element, std::uint32_t lane, std::uint32_t lanes, bool aligned);
Strides packed_global(const Dims& dims, std::uint32_t element);
// " str=N,C,H,W" with "-" for what dimensions of size 1 leave without meaning; empty when equal to `packed` where it
// matters.
std::string stride_text(const Dims& dims, const Strides& strides, const Strides& packed);

}  // namespace vnpu::cv18xx
