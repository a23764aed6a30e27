// Element-wise float operations of version 4, and its small stack machine.
#include <cmath>
#include <functional>

#include "sim/k210/v4_nodes.h"

namespace vnpu::k210 {
namespace {

template <class F>
void each(std::span<float> values, F f) {
  for (float& v : values) v = f(v);
}

template <class F>
void each(std::span<float> a, std::span<const float> b, F f) {
  for (std::size_t i = 0; i < a.size(); ++i) a[i] = f(a[i], b[i]);
}

}  // namespace

void apply_unary(std::int32_t op, std::span<float> values) {
  switch (op) {
    case 0: return each(values, [](float v) { return std::fabs(v); });
    case 1: return each(values, [](float v) { return std::ceil(v); });
    case 2: return each(values, [](float v) { return std::cos(v); });
    case 3: return each(values, [](float v) { return std::exp(v); });
    case 4: return each(values, [](float v) { return std::floor(v); });
    case 5: return each(values, [](float v) { return std::log(v); });
    case 6: return each(values, [](float v) { return -v; });
    case 7: return each(values, [](float v) { return 1.0f / std::sqrt(v); });
    case 8: return each(values, [](float v) { return std::sin(v); });
    case 9: return each(values, [](float v) { return v * v; });
    default: throw Error(ErrorKind::unsupported, "unary operation " + std::to_string(op) + " is not known");
  }
}

void apply_binary(std::int32_t op, std::span<float> a, std::span<const float> b) {
  switch (op) {
    case 0: return each(a, b, std::plus<>());
    case 1: return each(a, b, std::minus<>());
    case 2: return each(a, b, std::multiplies<>());
    case 3: return each(a, b, std::divides<>());
    case 4: return each(a, b, [](float x, float y) { return y < x ? y : x; });
    case 5: return each(a, b, [](float x, float y) { return x < y ? y : x; });
    default: throw Error(ErrorKind::unsupported, "binary operation " + std::to_string(op) + " is not known");
  }
}

}  // namespace vnpu::k210
