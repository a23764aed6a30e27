#include <algorithm>
#include <cmath>

#include "sim/cv18xx/host_functions/access.h"
#include "sim/cv18xx/host_functions/functions.h"

namespace vnpu::cv18xx::host {

namespace {

enum Interpolation : std::int32_t { bilinear = 0, nearest = 1 };
enum Padding : std::int32_t { zeros = 0, border = 1, reflection = 2 };

// Mirrors the coordinate at twice_low/2 and twice_high/2 until it lies between them.
float reflect(float x, std::int64_t twice_low, std::int64_t twice_high) {
  if (twice_low == twice_high) return 0;
  const float low = static_cast<float>(twice_low) / 2;
  const float span = static_cast<float>(twice_high - twice_low) / 2;
  x = std::fabs(x - low);
  const float extra = std::fmod(x, span);
  const auto flips = to_int(std::floor(x / span));
  return flips % 2 == 0 ? extra + low : span - extra + low;
}

float coordinate(float g, std::int64_t size, bool align, std::int32_t padding) {
  const auto s = static_cast<float>(size);
  float x = align ? ((g + 1.0f) / 2.0f) * (s - 1.0f) : ((g + 1.0f) * s - 1.0f) / 2.0f;
  if (padding == reflection) {
    x = align ? reflect(x, 0, 2 * (size - 1)) : reflect(x, -1, 2 * size - 1);
  }
  if (padding != zeros) x = std::min(s - 1.0f, std::max(x, 0.0f));
  return x;
}

}  // namespace

void grid_sampler(HostCall& call) {
  const HostTensor& in = input(call, 0);
  const HostTensor& grid = input(call, 1);
  HostTensor& out = output(call, 0);
  const std::int32_t mode = integer_in(call, "mode", bilinear, nearest);
  const std::int32_t padding = integer_in(call, "padding_mode", zeros, reflection);
  const bool align = boolean(call, "align_corners");
  const std::vector<float> x = floats(call, in), g = floats(call, grid);
  expect(call, out, DType::f32);
  const std::int64_t n = in.shape[0], channels = in.shape[1], h = in.shape[2], w = in.shape[3];
  const std::int64_t points = grid.shape[1] * grid.shape[2];
  if (grid.shape[0] != n || grid.shape[3] != 2) damaged(call, "grid " + describe(grid) + " does not fit");
  bound_work(call, n * channels, points);
  expect_count(call, out, n * channels * points);
  std::vector<float> y(static_cast<std::size_t>(count(out)));
  for (std::int64_t b = 0; b < n; ++b) {
    for (std::int64_t p = 0; p < points; ++p) {
      const auto at = static_cast<std::size_t>((b * points + p) * 2);
      const float ix = coordinate(g[at], w, align, padding), iy = coordinate(g[at + 1], h, align, padding);
      const auto inside = [&](std::int64_t yy, std::int64_t xx) { return yy >= 0 && yy < h && xx >= 0 && xx < w; };
      const std::int64_t x0 = to_int(std::floor(ix)), y0 = to_int(std::floor(iy)), x1 = x0 + 1, y1 = y0 + 1;
      const auto fx1 = static_cast<float>(x1), fx0 = static_cast<float>(x0);
      const auto fy1 = static_cast<float>(y1), fy0 = static_cast<float>(y0);
      const float nw = (fx1 - ix) * (fy1 - iy), ne = (ix - fx0) * (fy1 - iy);
      const float sw = (fx1 - ix) * (iy - fy0), se = (ix - fx0) * (iy - fy0);
      const std::int64_t rx = to_int(std::round(ix)), ry = to_int(std::round(iy));
      for (std::int64_t c = 0; c < channels; ++c) {
        const float* plane = x.data() + (b * channels + c) * h * w;
        float sum = 0;
        if (mode == nearest) {
          if (inside(ry, rx)) sum = plane[ry * w + rx];
        } else {
          if (inside(y0, x0)) sum += plane[y0 * w + x0] * nw;
          if (inside(y0, x1)) sum += plane[y0 * w + x1] * ne;
          if (inside(y1, x0)) sum += plane[y1 * w + x0] * sw;
          if (inside(y1, x1)) sum += plane[y1 * w + x1] * se;
        }
        y[static_cast<std::size_t>((b * channels + c) * points + p)] = sum;
      }
    }
  }
  store(call, out, y);
}

}  // namespace vnpu::cv18xx::host
