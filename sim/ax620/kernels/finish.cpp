#include "sim/ax620/kernels/finish.h"

#include <cmath>
#include <cstring>
#include <vector>

namespace vnpu::ax620 {
namespace {

template <class Element, class Value>
void store(std::size_t count, std::uint8_t* to, const Quirks& quirks, const Value& value) {
  for (std::size_t c = 0; c < count; ++c) {
    Element element;
    if constexpr (std::is_same_v<Element, float>) {
      element = static_cast<float>(value(c));
    } else {
      element = round_to<Element>(value(c), quirks);
    }
    std::memcpy(to + c * sizeof element, &element, sizeof element);
  }
}

template <class Value>
void put(int bits, std::size_t count, std::uint8_t* to, const Quirks& quirks, const Value& value) {
  switch (bits) {
    case 8: return store<std::uint8_t>(count, to, quirks, value);
    case 16: return store<std::uint16_t>(count, to, quirks, value);
    default: return store<float>(count, to, quirks, value);
  }
}

// weight * (2 byte - 255), times scale, plus bias. The bipolar sum fits 32 bits: the window is bounded.
void scale(const Finish& plan, bool fused, const std::int32_t* sums, float* to) {
  for (std::size_t c = 0; c < plan.channels; ++c) {
    const auto bipolar = static_cast<std::int32_t>(2U * static_cast<std::uint32_t>(sums[c]) -
                                                   255U * static_cast<std::uint32_t>(plan.totals[c]));
    const auto number = static_cast<float>(bipolar);
    to[c] = fused ? std::fma(number, plan.scales[c], plan.biases[c]) : number * plan.scales[c] + plan.biases[c];
  }
}

}  // namespace

void finish(const Finish& plan, const Quirks& quirks, const std::int32_t* sums, std::size_t lines, std::size_t pixels,
            std::uint8_t* out) {
  std::vector<float> values(plan.channels), others(plan.channels);
  const auto bytes = plan.channels * static_cast<std::size_t>(plan.bits) / 8;
  for (std::size_t y = 0; y < lines; ++y) {
    for (std::size_t x = 0; x < pixels; ++x, out += bytes) {
      for (std::size_t i = 0; i < plan.line_pool * plan.pixel_pool; ++i) {  // the maximum over adjacent outputs
        const auto line = y * plan.line_pool + i / plan.pixel_pool, pixel = x * plan.pixel_pool + i % plan.pixel_pool;
        scale(plan, quirks.fused_scale, sums + (line * plan.width + pixel) * plan.stride,
              i == 0 ? values.data() : others.data());
        for (std::size_t c = 0; i > 0 && c < plan.channels; ++c) values[c] = std::max(values[c], others[c]);
      }
      if (plan.table.empty()) {
        put(plan.bits, plan.channels, out, quirks, [&](std::size_t c) { return values[c]; });
      } else {
        put(plan.bits, plan.channels, out, quirks,
            [&](std::size_t c) { return plan.table.at(round_to<std::uint16_t>(values[c], quirks), quirks); });
      }
    }
  }
}

}  // namespace vnpu::ax620
