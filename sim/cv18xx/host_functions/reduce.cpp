// Walks along axes: running sums, the K largest, and reductions.
#include <algorithm>
#include <cmath>
#include <numeric>

#include "sim/cv18xx/host_functions/access.h"
#include "sim/cv18xx/host_functions/functions.h"

namespace vnpu::cv18xx::host {

void cumsum(HostCall& call) {
  const HostTensor& in = input(call, 0);
  const Around s = around(in, axis_in(call, integer(call, "axis")));
  std::vector<float> y = floats(call, in);
  expect(call, output(call, 0), DType::f32);
  expect_count(call, output(call, 0), count(in));
  const auto plane = static_cast<std::size_t>(s.axis * s.inner);
  for (std::size_t k = static_cast<std::size_t>(s.inner); k < y.size(); ++k) {
    if (k % plane >= static_cast<std::size_t>(s.inner)) y[k] += y[k - static_cast<std::size_t>(s.inner)];
  }
  store(call, output(call, 0), y);
}

void top_k(HostCall& call) {
  const HostTensor& in = input(call, 0);
  const Around s = around(in, axis_in(call, integer(call, "axis")));
  const std::int64_t keep = integer(call, "K");
  const bool largest = boolean(call, "largest", true);
  boolean(call, "sorted", true);
  const std::vector<float> x = floats(call, in);
  if (keep < 0 || keep > s.axis) {
    damaged(call, "K is " + std::to_string(keep) + ", the axis has " + std::to_string(s.axis) + " elements");
  }
  const auto total = static_cast<std::size_t>(s.outer * keep * s.inner);
  std::vector<float> values(total), indices(total);
  std::vector<std::int64_t> order(static_cast<std::size_t>(s.axis));
  for (std::int64_t row = 0; row < s.outer * s.inner && keep > 0; ++row) {
    const std::int64_t outer = row / s.inner, inner = row % s.inner;
    const auto value = [&](std::int64_t k) {
      return x[static_cast<std::size_t>((outer * s.axis + k) * s.inner + inner)];
    };
    std::iota(order.begin(), order.end(), 0);
    // NaN would make the comparison inconsistent: it counts as the smallest (largest) of all.
    const auto key = [&](std::int64_t k) { return std::isnan(value(k)) ? (largest ? -INFINITY : INFINITY) : value(k); };
    std::stable_sort(order.begin(), order.end(),
                     [&](std::int64_t a, std::int64_t b) { return largest ? key(a) > key(b) : key(a) < key(b); });
    for (std::int64_t k = 0; k < keep; ++k) {
      const auto to = static_cast<std::size_t>((outer * keep + k) * s.inner + inner);
      values[to] = value(order[static_cast<std::size_t>(k)]);
      indices[to] = static_cast<float>(order[static_cast<std::size_t>(k)]);
    }
  }
  expect(call, output(call, 0), DType::f32);
  store(call, output(call, 0), values);
  if (call.outputs.size() > 1) {
    expect(call, output(call, 1), DType::f32);
    store(call, output(call, 1), indices);
  }
}

namespace {

std::vector<int> axes_of(const HostCall& call) {
  std::vector<int> axes;
  for (const std::int32_t axis : integers(call, "axes")) axes.push_back(axis_in(call, axis));
  if (axes.empty() || axes.size() > 4)
    damaged(call, "attribute 'axes' has " + std::to_string(axes.size()) + " members");
  return axes;
}

// Reduces one axis after the other; `one(values, stride, n)` reduces n values `stride` apart.
template <class T, class One>
void along_axes(HostCall& call, const std::vector<int>& axes, One one) {
  const HostTensor& in = input(call, 0);
  std::vector<T> x = elements<T>(in);
  HostTensor now = in;
  for (const int axis : axes) {
    const Around s = around(now, axis);
    if (s.axis == 0) damaged(call, "tensor " + describe(in) + " is empty");
    std::vector<T> y(static_cast<std::size_t>(s.outer * s.inner));
    for (std::int64_t o = 0; o < s.outer; ++o) {
      for (std::int64_t i = 0; i < s.inner; ++i) {
        y[static_cast<std::size_t>(o * s.inner + i)] = one(x.data() + o * s.axis * s.inner + i, s.inner, s.axis);
      }
    }
    now.shape[static_cast<std::size_t>(axis)] = 1;
    x = std::move(y);
  }
  HostTensor& out = output(call, 0);
  if (out.dtype != in.dtype) damaged(call, "output " + describe(out) + " has not the type of " + describe(in));
  expect_count(call, out, count(now));
  store(call, out, x);
}

}  // namespace

void reduce_l2(HostCall& call) {
  const std::vector<int> axes = axes_of(call);
  expect(call, input(call, 0), DType::f32);
  along_axes<float>(call, axes, [](const float* x, std::int64_t stride, std::int64_t n) {
    float sum = 0;
    for (std::int64_t k = 0; k < n; ++k) sum += x[k * stride] * x[k * stride];
    return std::sqrt(sum);
  });
}

void reduce_mean(HostCall& call) {
  const std::vector<int> axes = axes_of(call);
  expect(call, input(call, 0), DType::f32);
  along_axes<float>(call, axes, [](const float* x, std::int64_t stride, std::int64_t n) {
    float sum = 0;
    for (std::int64_t k = 0; k < n; ++k) sum += x[k * stride];
    return sum / static_cast<float>(n);
  });
}

void reduce_max(HostCall& call) {
  const std::vector<int> axes = axes_of(call);
  expect(call, input(call, 0), DType::f32);
  along_axes<float>(call, axes, [](const float* x, std::int64_t stride, std::int64_t n) {
    float best = x[0];
    for (std::int64_t k = 1; k < n; ++k) best = std::max(best, x[k * stride]);
    return best;
  });
}

}  // namespace vnpu::cv18xx::host
