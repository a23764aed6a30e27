// The two chips of the family. They differ in the number of lanes and in nothing else of the instruction set.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>

namespace vnpu::cv18xx {

struct Chip {
  std::string_view name;      // as in the model's header: "cv180x", "cv181x"
  std::uint32_t lanes;        // NPU_NUM
  std::uint8_t cmdbuf_magic;  // first byte of every command-buffer record
  std::uint32_t version_id;   // as in the vendor's chip information
};

inline constexpr std::uint32_t lane_bytes = 0x8000;  // local memory of one lane
inline constexpr std::uint32_t eu_num = 16;          // execution units of one lane

std::span<const Chip> chips();
const Chip* find_chip(std::string_view name);  // null when it is not of this family

}  // namespace vnpu::cv18xx
