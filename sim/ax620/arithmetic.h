// Rounding and tables of the AX620A (docs/arithmetic_ax620.md).
#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <span>

#include "sim/ax620/quirks.h"

namespace vnpu::ax620 {

// To an integer, by the chosen rule, in the precision given.
template <class Float>
Float round(Float x, const Quirks& quirks) {
  if (quirks.round_half_up) return std::floor(x + Float(0.5));
  if (quirks.round_truncate) return std::trunc(x);
  return std::nearbyint(x);  // the rounding mode is to nearest, ties to even
}

// NaN becomes 0.
template <class Integer, class Float>
Integer round_to(Float x, const Quirks& quirks) {
  const Float low = std::numeric_limits<Integer>::min(), high = std::numeric_limits<Integer>::max();
  const Float rounded = round(x, quirks);
  return rounded >= high  ? std::numeric_limits<Integer>::max()
         : rounded >= low ? static_cast<Integer>(rounded)
         : rounded < low  ? std::numeric_limits<Integer>::min()
                          : Integer{0};
}

// A table of up to 16 sections of 16 intervals, 257 entries: section k holds x >= start[k]; position in it
// q = (x - start[k]) * step[k] / 2^32, 0..16; linear between the entries around q.
struct Table {
  std::span<const std::int32_t> entries, starts;
  std::span<const double> steps;  // as many as there are sections

  double at(std::int64_t x, const Quirks& quirks) const {
    std::size_t k = 0;
    while (k + 1 < steps.size() && starts[k + 1] <= x) ++k;
    const double q = std::clamp(static_cast<double>(x - starts[k]) * steps[k] / 4294967296.0, 0.0, 16.0);
    const auto i = std::min<std::size_t>(static_cast<std::size_t>(q), 15);
    const double low = entries[k * 16 + i], high = entries[k * 16 + i + 1];
    const double value = low + (high - low) * (q - static_cast<double>(i));
    return quirks.table_integer ? std::floor(value) : value;
  }
};

}  // namespace vnpu::ax620
