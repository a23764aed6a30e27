// What the versions of the kmodel have in common.
#pragma once

#include <array>
#include <cstdint>

namespace vnpu::kmodel {

// The 96 bytes that configure one KPU layer, as twelve 64-bit registers; their bits are isa/k210's.
using Descriptor = std::array<std::uint64_t, 12>;

// `count` elements at a byte of the file; reading checks that they are all there. Not aligned.
struct Array {
  std::uint64_t offset = 0, count = 0;
};

constexpr std::uint32_t main_memory_limit = 64u << 20;  // bytes; the chip has 8 MB in all
constexpr std::uint32_t ai_ram_bytes = 2u << 20;
constexpr std::uint32_t code_limit = 1u << 20;   // bytes of all functions of one version 5 file
constexpr std::uint32_t steps_limit = 1u << 16;  // layers, nodes or functions of one file

}  // namespace vnpu::kmodel
