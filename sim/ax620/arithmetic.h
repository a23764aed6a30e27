// Rounding and tables of the AX620A (docs/arithmetic_ax620.md).
#pragma once

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdint>
#include <limits>
#include <span>
#include <type_traits>

#include "sim/ax620/quirks.h"

namespace vnpu::ax620 {

// To an integer, by the chosen rule, in the precision given.
template <class Float>
Float round(Float x, const Quirks& quirks) {
  if (quirks.round_half_up) return std::floor(x + Float(0.5));
  if (quirks.round_truncate) return std::trunc(x);
  return std::nearbyint(x);  // the rounding mode is to nearest, ties to even
}

// Rounded and saturated; NaN becomes 0. Limiting first gives the same as limiting afterwards, and keeps the number
// small enough to be rounded by an addition: beyond 2^23 (2^52) a float (double) has no fraction, so the sum has none.
template <class Integer, class Float>
Integer round_to(Float x, const Quirks& quirks) {
  constexpr Float low = std::numeric_limits<Integer>::min(), high = std::numeric_limits<Integer>::max();
  constexpr Float whole = std::is_same_v<Float, float> ? Float(12582912) : Float(6755399441055744);  // 1.5 * 2^23, 2^52
  x = x == x ? std::min(std::max(x, low), high) : Float(0);
  if (quirks.round_half_up || quirks.round_truncate) return static_cast<Integer>(round(x, quirks));
  return static_cast<Integer>(static_cast<std::int32_t>((x + whole) - whole));
}

// A table of up to 16 sections of 16 intervals, 257 entries: section k holds x >= start[k]; position in it
// q = (x - start[k]) * step[k] / 2^32, 0..16; linear between the entries around q. The entries must outlive the table.
class Table {
 public:
  Table() = default;
  // Throws Error(damaged) when there are more than 16 sections or entries or starts are missing.
  Table(std::span<const std::int32_t> entries, std::span<const std::int32_t> starts, std::span<const double> steps);

  bool empty() const { return count_ == 0; }

  double at(std::int32_t x, const Quirks& quirks) const {
    std::size_t k = 0;
    while (k + 1 < count_ && starts_[k + 1] <= x) ++k;
    const double q = std::min(std::max((x - starts_[k]) * steps_[k], 0.0), 16.0);
    const auto i = std::min(static_cast<std::int32_t>(q), 15);
    const double low = entries_[k * 16 + i], high = entries_[k * 16 + i + 1];
    const double value = low + (high - low) * (q - i);
    return quirks.table_integer ? std::floor(value) : value;
  }

  // For the kernels: 16 of each, and the entries of `sections()` sections.
  std::size_t sections() const { return count_; }
  const std::int32_t* starts() const { return starts_.data(); }
  const double* steps() const { return steps_.data(); }
  const std::int32_t* entries() const { return entries_; }

 private:
  std::size_t count_ = 0;
  std::array<std::int32_t, 16> starts_{};
  std::array<double, 16> steps_{};  // over 2^32: exact
  const std::int32_t* entries_ = nullptr;
};

}  // namespace vnpu::ax620
