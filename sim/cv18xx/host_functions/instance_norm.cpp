#include <cmath>

#include "sim/cv18xx/host_functions/access.h"
#include "sim/cv18xx/host_functions/functions.h"

namespace vnpu::cv18xx::host {

namespace {

struct Moments {
  float mean = 0, variance = 0;
};

// Sums in memory order: the mean in fp32, the squares in double rounded to fp32 after each addition.
Moments moments(std::span<const float> plane) {
  Moments m;
  const auto n = static_cast<float>(plane.size());
  for (const float x : plane) m.mean += x;
  m.mean /= n;
  for (const float x : plane) {
    const double d = x - m.mean;
    m.variance = static_cast<float>(static_cast<double>(m.variance) + d * d);
  }
  m.variance /= n;
  return m;
}

}  // namespace

void instance_norm(HostCall& call) {
  const HostTensor& in = input(call, 0);
  const std::vector<float> x = floats(call, in), gamma = floats(call, input(call, 1)),
                           beta = floats(call, input(call, 2));
  const float epsilon = number(call, "variance_epsilon");
  const std::int64_t batches = in.shape[0], channels = in.shape[1];
  const auto plane = static_cast<std::size_t>(in.shape[2] * in.shape[3]);
  expect_at_least(call, input(call, 1), channels);
  expect_at_least(call, input(call, 2), channels);
  expect(call, output(call, 0), DType::f32);
  expect_count(call, output(call, 0), count(in));
  std::vector<float> y(x.size());
  const bool first_gamma = call.quirks.instance_norm_first_gamma;
  for (std::int64_t n = 0; n < batches; ++n) {
    for (std::int64_t c = 0; c < channels; ++c) {
      const std::span<const float> values(x.data() + static_cast<std::size_t>(n * channels + c) * plane, plane);
      const std::int64_t batch = first_gamma ? batches - 1 : n;
      Moments m = moments({x.data() + static_cast<std::size_t>(batch * channels + c) * plane, plane});
      double gain = gamma[static_cast<std::size_t>(c)];
      if (first_gamma) {
        const float r = 1.0f / gamma[0];
        m.mean *= r;
        m.variance *= r;
        gain = 1.0;
      }
      const double deviation = std::sqrt(static_cast<double>(m.variance + epsilon));
      float* to = y.data() + (values.data() - x.data());
      for (std::size_t k = 0; k < plane; ++k) {
        const float centred = values[k] - m.mean;
        to[k] = static_cast<float>(gain * static_cast<double>(centred) / deviation +
                                   static_cast<double>(beta[static_cast<std::size_t>(c)]));
      }
    }
  }
  store(call, output(call, 0), y);
}

}  // namespace vnpu::cv18xx::host
