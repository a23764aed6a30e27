// Walks along axes: running sums, the K largest, and reductions.
#include <algorithm>
#include <cmath>
#include <functional>

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

// Rows are read one after another as if the axis were the last one; only then the result makes sense. The second output
// that the operator has is never written.
void top_k(HostCall& call) {
  const HostTensor& in = input(call, 0);
  const Around s = around(in, axis_in(call, integer(call, "axis")));
  const std::int64_t keep = integer(call, "K");
  const bool largest = boolean(call, "largest");
  if (!boolean(call, "sorted")) fail(call, ErrorKind::fault, "the vendor's runtime asserts: 'sorted' is false");
  const std::vector<float> x = floats(call, in);
  if (keep < 0 || keep > s.axis) {
    damaged(call, "K is " + std::to_string(keep) + ", the axis has " + std::to_string(s.axis) + " elements");
  }
  expect(call, output(call, 0), DType::f32);
  expect_at_least(call, output(call, 0), s.outer * keep);
  // NaN would make the comparison inconsistent: it counts as the last of all.
  const auto before = [largest](float a, float b) {
    if (std::isnan(a) || std::isnan(b)) return !std::isnan(a);
    return largest ? a > b : a < b;
  };
  std::vector<float> values;
  for (std::int64_t row = 0; row < s.outer; ++row) {
    std::vector<float> line(x.begin() + row * s.axis, x.begin() + (row + 1) * s.axis);
    std::partial_sort(line.begin(), line.begin() + keep, line.end(), before);
    values.insert(values.end(), line.begin(), line.begin() + keep);
  }
  store(call, output(call, 0), values);
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
  if (count(out) > count(now)) damaged(call, "output " + describe(out) + " is larger than the result");
  x.resize(static_cast<std::size_t>(count(out)));
  store(call, out, x);
}

// int8 tensors are handled as uint8.
template <class Floats, class Bytes8>
void reduce(HostCall& call, const std::vector<int>& axes, Floats of_floats, Bytes8 of_bytes) {
  const HostTensor& in = input(call, 0);
  if (in.dtype == DType::f32) {
    along_axes<float>(call, axes, of_floats);
  } else if (in.dtype == DType::i8 || in.dtype == DType::u8) {
    along_axes<std::uint8_t>(call, axes, of_bytes);
  } else {
    damaged(call, "tensor " + describe(in) + " is neither f32 nor 8 bits wide");
  }
}

template <class Sum, class T, class Add>
Sum sum_of(const T* x, std::int64_t stride, std::int64_t n, Add add) {
  Sum sum = 0;
  for (std::int64_t k = 0; k < n; ++k) sum = add(sum, static_cast<Sum>(x[k * stride]));
  return sum;
}

std::uint8_t byte_of(double value) { return static_cast<std::uint8_t>(std::min(value, 255.0)); }

}  // namespace

void reduce_l2(HostCall& call) {
  const bool wrap = call.quirks.reduce_bytes_wrap;
  reduce(
      call, axes_of(call),
      [](const float* x, std::int64_t stride, std::int64_t n) {
        return std::sqrt(sum_of<float>(x, stride, n, [](float sum, float v) {
          return static_cast<float>(static_cast<double>(sum) + static_cast<double>(v) * static_cast<double>(v));
        }));
      },
      [wrap](const std::uint8_t* x, std::int64_t stride, std::int64_t n) {
        const auto sum =
            sum_of<std::uint64_t>(x, stride, n, [](std::uint64_t total, std::uint64_t v) { return total + v * v; });
        return byte_of(std::sqrt(static_cast<double>(wrap ? sum % 256 : sum)));
      });
}

void reduce_mean(HostCall& call) {
  const bool wrap = call.quirks.reduce_bytes_wrap;
  reduce(
      call, axes_of(call),
      [](const float* x, std::int64_t stride, std::int64_t n) {
        return sum_of<float>(x, stride, n, std::plus<float>()) / static_cast<float>(n);
      },
      [wrap](const std::uint8_t* x, std::int64_t stride, std::int64_t n) {
        const auto sum = sum_of<std::uint64_t>(x, stride, n, std::plus<std::uint64_t>());
        return static_cast<std::uint8_t>((wrap ? sum % 256 : sum) / static_cast<std::uint64_t>(n));
      });
}

// The vendor's runtime reduces the first of the axes only; of that result the output gets as much as it holds.
void reduce_max(HostCall& call) {
  const auto largest = [](const auto* x, std::int64_t stride, std::int64_t n) {
    auto best = x[0];
    for (std::int64_t k = 1; k < n; ++k) best = std::max(best, x[k * stride]);
    return best;
  };
  std::vector<int> axes = axes_of(call);
  if (call.quirks.reduce_max_first_axis) axes.resize(1);
  reduce(call, axes, largest, largest);
}

}  // namespace vnpu::cv18xx::host
