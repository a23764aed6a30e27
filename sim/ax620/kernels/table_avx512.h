// Many numbers through a table at once.
#pragma once

#include <cstddef>
#include <cstdint>

#include "sim/ax620/arithmetic.h"

namespace vnpu::ax620 {

// What Table::at makes of each value rounded to 16 bits, rounded to 16 bits again; by the default rules only.
void look_up_avx512(const Table& table, const float* values, std::size_t count, std::uint16_t* out);

}  // namespace vnpu::ax620
