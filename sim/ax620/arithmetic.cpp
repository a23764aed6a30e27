#include "sim/ax620/arithmetic.h"

#include <string>

#include "base/error.h"

namespace vnpu::ax620 {

Table::Table(std::span<const std::int32_t> entries, std::span<const std::int32_t> starts, std::span<const double> steps)
    : count_(steps.size()) {
  if (steps.empty() || steps.size() > sections_.size() || starts.size() < steps.size() ||
      entries.size() < steps.size() * 16 + 1) {
    throw Error(ErrorKind::damaged, "a table of " + std::to_string(steps.size()) + " sections has " +
                                        std::to_string(starts.size()) + " starts and " +
                                        std::to_string(entries.size()) + " entries");
  }
  for (std::size_t k = 0; k < count_; ++k) {
    // Inputs have 16 bits: other starts are limits that are never reached.
    sections_[k] = {std::clamp(starts[k], -65536, 65536), steps[k] / 4294967296.0, entries.data() + k * 16};
    if (!(std::abs(steps[k]) < 1e18)) throw Error(ErrorKind::damaged, "a table with a step that is no number");
  }
}

}  // namespace vnpu::ax620
