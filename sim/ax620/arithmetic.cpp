#include "sim/ax620/arithmetic.h"

#include <string>

#include "base/error.h"

namespace vnpu::ax620 {

Table::Table(std::span<const std::int32_t> entries, std::span<const std::int32_t> starts, std::span<const double> steps)
    : count_(steps.size()), entries_(entries.data()) {
  if (steps.empty() || steps.size() > starts_.size() || starts.size() < steps.size() ||
      entries.size() < steps.size() * 16 + 1) {
    throw Error(ErrorKind::damaged, "a table of " + std::to_string(steps.size()) + " sections has " +
                                        std::to_string(starts.size()) + " starts and " +
                                        std::to_string(entries.size()) + " entries");
  }
  for (std::size_t k = 0; k < count_; ++k) {
    starts_[k] = std::clamp(starts[k], -65536, 65536);  // inputs have 16 bits: other starts are never reached
    steps_[k] = steps[k] / 4294967296.0;
    if (!(std::abs(steps[k]) < 1e18)) throw Error(ErrorKind::damaged, "a table with a step that is no number");
  }
}

}  // namespace vnpu::ax620
