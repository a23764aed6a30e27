#include <algorithm>
#include <cmath>

#include "sim/cv18xx/host_functions/access.h"
#include "sim/cv18xx/host_functions/functions.h"

namespace vnpu::cv18xx::host {

void softmax(HostCall& call) {
  const HostTensor& in = input(call, 0);
  const Around s = around(in, axis_in(call, integer(call, "axis")));
  const std::vector<float> x = floats(call, in);
  expect(call, output(call, 0), DType::f32);
  expect_count(call, output(call, 0), count(in));
  std::vector<float> y(x.size());
  const auto inner = static_cast<std::size_t>(s.inner);
  const auto plane = static_cast<std::size_t>(s.axis * s.inner);
  std::vector<float> maximum(inner), sum(inner);
  for (std::size_t at = 0; at < x.size(); at += plane) {
    const std::size_t first = call.quirks.softmax_first_row_max ? 0 : at;
    std::copy_n(x.begin() + static_cast<std::ptrdiff_t>(first), inner, maximum.begin());
    for (std::size_t k = 0; k < plane; ++k) maximum[k % inner] = std::max(maximum[k % inner], x[at + k]);
    std::fill(sum.begin(), sum.end(), 0.0f);
    for (std::size_t k = 0; k < plane; ++k) {
      y[at + k] = std::exp(x[at + k] - maximum[k % inner]);
      sum[k % inner] += y[at + k];
    }
    for (std::size_t k = 0; k < plane; ++k) y[at + k] /= sum[k % inner];
  }
  store(call, output(call, 0), y);
}

}  // namespace vnpu::cv18xx::host
