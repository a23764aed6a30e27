#include "sim/k210/float_windows.h"

#include <algorithm>
#include <vector>

namespace vnpu::k210 {
namespace {

using kmodel::v4::Padding;
using kmodel::v4::Range;
using kmodel::v4::Window;

// First and one behind the last output position whose tap at `shift` (filter index * dilation - padding) is inside.
std::pair<std::int64_t, std::int64_t> inside(std::int64_t shift, std::int64_t stride, std::int64_t size,
                                             std::int64_t positions) {
  const auto first = shift >= 0 ? 0 : (-shift + stride - 1) / stride;
  const auto last = size - shift <= 0 ? 0 : (size - shift + stride - 1) / stride;
  return {std::min(first, positions), std::clamp<std::int64_t>(last, 0, positions)};
}

}  // namespace

std::int64_t window_positions(std::int64_t size, std::int64_t filter, std::int64_t stride, std::int64_t dilation,
                              Padding padding) {
  const auto room = size + padding.before + padding.after - ((filter - 1) * dilation + 1);
  return room < 0 ? 0 : room / stride + 1;
}

ImageShape window_output(const ImageShape& in, const Window& window, std::int64_t channels) {
  return {in.batches, channels,
          window_positions(in.height, window.filter_h, window.stride_h, window.dilation_h, window.pad_h),
          window_positions(in.width, window.filter_w, window.stride_w, window.dilation_w, window.pad_w)};
}

void conv2d(std::span<const float> in, const ImageShape& shape, std::span<const float> weights,
            std::span<const float> bias, std::int64_t groups, std::int64_t out_channels, const Window& window,
            Range act, std::span<float> out) {
  const auto to = window_output(shape, window, out_channels);
  const auto group_in = shape.channels / groups, group_out = out_channels / groups;
  float* row = out.data();
  for (std::int64_t n = 0; n < shape.batches; ++n) {
    for (std::int64_t oc = 0; oc < out_channels; ++oc) {
      for (std::int64_t y = 0; y < to.height; ++y, row += to.width) {
        std::fill_n(row, to.width, bias[static_cast<std::size_t>(oc)]);
        for (std::int64_t ic = 0; ic < group_in; ++ic) {
          const auto channel = n * shape.channels + oc / group_out * group_in + ic;
          const float* filter = weights.data() + (oc * group_in + ic) * window.filter_h * window.filter_w;
          for (std::int64_t ky = 0; ky < window.filter_h; ++ky) {
            const auto iy = y * window.stride_h + ky * window.dilation_h - window.pad_h.before;
            if (iy < 0 || iy >= shape.height) continue;
            const float* line = in.data() + (channel * shape.height + iy) * shape.width;
            for (std::int64_t kx = 0; kx < window.filter_w; ++kx) {
              const auto shift = kx * window.dilation_w - window.pad_w.before;
              const auto [first, last] = inside(shift, window.stride_w, shape.width, to.width);
              const float weight = filter[ky * window.filter_w + kx];
              for (auto x = first; x < last; ++x) row[x] += line[x * window.stride_w + shift] * weight;
            }
          }
        }
        for (std::int64_t x = 0; x < to.width; ++x) row[x] = clamp(row[x], act);
      }
    }
  }
}

void reduce_window2d(std::span<const float> in, const ImageShape& shape, ReduceOp op, float init, const Window& window,
                     Range act, std::span<float> out) {
  const auto to = window_output(shape, window, shape.channels);
  float* at = out.data();
  for (std::int64_t plane = 0; plane < shape.batches * shape.channels; ++plane) {
    const float* from = in.data() + plane * shape.height * shape.width;
    for (std::int64_t y = 0; y < to.height; ++y) {
      for (std::int64_t x = 0; x < to.width; ++x) {
        float sum = init;
        std::int64_t taps = 0;
        for (std::int64_t ky = 0; ky < window.filter_h; ++ky) {
          const auto iy = y * window.stride_h + ky * window.dilation_h - window.pad_h.before;
          if (iy < 0 || iy >= shape.height) continue;
          for (std::int64_t kx = 0; kx < window.filter_w; ++kx) {
            const auto ix = x * window.stride_w + kx * window.dilation_w - window.pad_w.before;
            if (ix < 0 || ix >= shape.width) continue;
            sum = accumulate(op, sum, from[iy * shape.width + ix]);
            ++taps;
          }
        }
        if (op == ReduceOp::mean) sum /= static_cast<float>(taps);
        *at++ = clamp(sum, act);
      }
    }
  }
}

}  // namespace vnpu::k210
