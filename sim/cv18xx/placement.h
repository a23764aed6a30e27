// Where a program's tensors and weights lie in simulated global memory.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>

#include "models/cvimodel/model.h"

namespace vnpu::cv18xx {

// The vendor's convention of base registers: 0 shared, 1 weight, 2 private, 3..7 io.
inline constexpr unsigned base_shared = 0;
inline constexpr unsigned base_weight = 1;
inline constexpr unsigned base_private = 2;
inline constexpr unsigned base_first_io = 3;

std::string_view base_name(unsigned sel);  // "shared", "weight", "private", "io3".."io7"

struct Region {
  std::uint64_t address = 0;  // in global memory
  std::uint64_t size = 0;     // bytes the file asks for
};

struct Placement {
  std::array<Region, 8> regions;  // by base register
  std::uint64_t total = 0;        // bytes of global memory, gaps included
};

// Lays out one program. Every region starts on a page; behind each lie zero bytes, except behind the private region,
// which is followed directly by the first io region: what the vendor's simulator has there (its converter sometimes
// reads behind a tensor). Throws Error(unsupported) when the file asks for more than 4 GiB.
Placement place(const cvimodel::Model& model, const cvimodel::Program& program);

// Throws Error(damaged) when a tensor or weight does not lie inside its region.
void check_places(const cvimodel::Model& model, const cvimodel::Program& program, const Placement& placement);

}  // namespace vnpu::cv18xx
