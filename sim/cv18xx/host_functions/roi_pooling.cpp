#include <algorithm>
#include <cmath>

#include "sim/cv18xx/host_functions/access.h"
#include "sim/cv18xx/host_functions/functions.h"

namespace vnpu::cv18xx::host {

namespace {

struct Bins {
  std::int64_t start = 0;
  float size = 0;
};

Bins bins(float low, float high, float scale, int pooled) {
  const std::int64_t start = to_int(std::round(low * scale)), end = to_int(std::round(high * scale));
  const std::int64_t length = std::max<std::int64_t>(end - start + 1, 1);
  return {start, static_cast<float>(length) / static_cast<float>(pooled)};
}

// First and one past the last row (column) of bin p, within [0, size).
std::pair<std::int64_t, std::int64_t> span_of(const Bins& b, int p, std::int64_t size) {
  const std::int64_t first = to_int(std::floor(static_cast<float>(p) * b.size));
  const std::int64_t last = to_int(std::ceil(static_cast<float>(p + 1) * b.size));
  return {std::clamp<std::int64_t>(first + b.start, 0, size), std::clamp<std::int64_t>(last + b.start, 0, size)};
}

}  // namespace

void roi_pooling(HostCall& call) {
  const int pooled_h = integer_in(call, "pooled_h", 1, 1 << 12), pooled_w = integer_in(call, "pooled_w", 1, 1 << 12);
  const float scale = number(call, "spatial_scale");
  HostTensor& out = output(call, 0);
  const bool swapped = input(call, 0).shape[1] != out.shape[1] && input(call, 1).shape[1] == out.shape[1];
  const HostTensor& map = input(call, swapped ? 1 : 0);
  const HostTensor& rois = input(call, swapped ? 0 : 1);
  const std::vector<float> x = floats(call, map), roi = floats(call, rois);
  expect(call, out, DType::f32);
  const std::int64_t batches = map.shape[0], channels = map.shape[1], h = map.shape[2], w = map.shape[3];
  const std::int64_t number_of_rois = count(rois) / 5;
  const std::int64_t cells = std::int64_t{pooled_h} * pooled_w;
  bound_work(call, number_of_rois * cells, channels);
  // Neighbouring bins share at most a row and a column.
  bound_work(call, h + pooled_h, w + pooled_w);
  bound_work(call, number_of_rois * channels, (h + pooled_h) * (w + pooled_w));
  expect_count(call, out, number_of_rois * channels * cells);
  std::vector<float> y;
  y.reserve(static_cast<std::size_t>(count(out)));
  for (std::int64_t r = 0; r < number_of_rois; ++r) {
    const float* box = roi.data() + r * 5;
    const std::int64_t batch = to_int(box[0]);
    if (batch < 0 || batch >= batches) {
      fail(call, ErrorKind::fault, "region " + std::to_string(r) + " names batch " + std::to_string(batch));
    }
    const Bins across = bins(box[1], box[3], scale, pooled_w), down = bins(box[2], box[4], scale, pooled_h);
    for (std::int64_t c = 0; c < channels; ++c) {
      const float* plane = x.data() + (batch * channels + c) * h * w;
      for (int ph = 0; ph < pooled_h; ++ph) {
        const auto [h0, h1] = span_of(down, ph, h);
        for (int pw = 0; pw < pooled_w; ++pw) {
          const auto [w0, w1] = span_of(across, pw, w);
          const bool empty = h0 >= h1 || w0 >= w1;
          float best = empty || call.quirks.roi_pooling_starts_at_zero ? 0.0f : plane[h0 * w + w0];
          for (std::int64_t i = h0; i < h1; ++i) {
            for (std::int64_t j = w0; j < w1; ++j) best = std::max(best, plane[i * w + j]);
          }
          y.push_back(best);
        }
      }
    }
  }
  store(call, out, y);
}

}  // namespace vnpu::cv18xx::host
