// Modulated deformable convolution (DCNv2): the column matrix, and its product with the weights.
#include <algorithm>
#include <cmath>

#include "sim/cv18xx/host_functions/access.h"
#include "sim/cv18xx/host_functions/functions.h"

namespace vnpu::cv18xx::host {

namespace {

struct Geometry {
  std::int64_t channels = 0, h = 0, w = 0, oh = 0, ow = 0;
  std::int64_t kernel_h = 0, kernel_w = 0, stride_h = 0, stride_w = 0, pad_t = 0, pad_l = 0, dilation_h = 0,
               dilation_w = 0, groups = 0;
};

// Bilinear sample; corners outside count as 0.
float sample(const float* plane, std::int64_t h, std::int64_t w, float y, float x) {
  if (!(y > -1.0f && x > -1.0f && y < static_cast<float>(h) && x < static_cast<float>(w))) return 0;
  const std::int64_t y0 = to_int(std::floor(y)), x0 = to_int(std::floor(x)), y1 = y0 + 1, x1 = x0 + 1;
  const float ly = y - static_cast<float>(y0), lx = x - static_cast<float>(x0), hy = 1 - ly, hx = 1 - lx;
  const float v1 = y0 >= 0 && x0 >= 0 ? plane[y0 * w + x0] : 0;
  const float v2 = y0 >= 0 && x1 < w ? plane[y0 * w + x1] : 0;
  const float v3 = y1 < h && x0 >= 0 ? plane[y1 * w + x0] : 0;
  const float v4 = y1 < h && x1 < w ? plane[y1 * w + x1] : 0;
  return hy * hx * v1 + hy * lx * v2 + ly * hx * v3 + ly * lx * v4;
}

struct Operands {
  Geometry geometry;
  std::int64_t batches = 0;
  std::vector<float> x, offset, mask;
};

// Input 0 is the map; offsets (dy, dx per deformable group and kernel cell) and mask follow from input `first`.
Operands operands(const HostCall& call, std::size_t first) {
  const HostTensor& in = input(call, 0);
  const HostTensor& offset = input(call, first);
  const HostTensor& mask = input(call, first + 1);
  Operands o;
  Geometry& g = o.geometry;
  o.batches = in.shape[0];
  g.channels = in.shape[1], g.h = in.shape[2], g.w = in.shape[3];
  g.oh = offset.shape[2], g.ow = offset.shape[3];
  g.kernel_h = integer_in(call, "kernel_h", 1, 1 << 10), g.kernel_w = integer_in(call, "kernel_w", 1, 1 << 10);
  g.stride_h = integer_in(call, "stride_h", 1, 1 << 16), g.stride_w = integer_in(call, "stride_w", 1, 1 << 16);
  g.pad_t = integer_in(call, "padding_t", 0, 1 << 16), g.pad_l = integer_in(call, "padding_l", 0, 1 << 16);
  g.dilation_h = integer_in(call, "dilation_h", 1, 1 << 16), g.dilation_w = integer_in(call, "dilation_w", 1, 1 << 16);
  g.groups = integer_in(call, "deform_group", 1, 1 << 16);
  if (g.channels % g.groups != 0) damaged(call, "the channels are no multiple of deform_group");
  const std::int64_t kernel = g.kernel_h * g.kernel_w, cells = g.oh * g.ow;
  bound_work(call, o.batches * g.channels * kernel, cells, std::int64_t{1} << 28);
  expect_count(call, offset, o.batches * g.groups * 2 * kernel * cells);
  expect_count(call, mask, o.batches * g.groups * kernel * cells);
  o.x = floats(call, in);
  o.offset = floats(call, offset);
  o.mask = floats(call, mask);
  return o;
}

// Rows (channel, kernel cell) of oh * ow columns for batch n.
std::vector<float> columns_of(const Operands& o, std::int64_t n) {
  const Geometry& g = o.geometry;
  const std::int64_t kernel = g.kernel_h * g.kernel_w, cells = g.oh * g.ow, per_group = g.channels / g.groups;
  std::vector<float> columns(static_cast<std::size_t>(g.channels * kernel * cells));
  for (std::int64_t c = 0; c < g.channels; ++c) {
    const float* plane = o.x.data() + (n * g.channels + c) * g.h * g.w;
    const std::int64_t group = n * g.groups + c / per_group;
    for (std::int64_t k = 0; k < kernel; ++k) {
      const float* dy = o.offset.data() + (group * 2 * kernel + 2 * k) * cells;
      const float* dx = dy + cells;
      const float* m = o.mask.data() + (group * kernel + k) * cells;
      float* to = columns.data() + (c * kernel + k) * cells;
      for (std::int64_t cell = 0; cell < cells; ++cell) {
        const std::int64_t top = cell / g.ow * g.stride_h - g.pad_t + k / g.kernel_w * g.dilation_h;
        const std::int64_t left = cell % g.ow * g.stride_w - g.pad_l + k % g.kernel_w * g.dilation_w;
        to[cell] =
            sample(plane, g.h, g.w, static_cast<float>(top) + dy[cell], static_cast<float>(left) + dx[cell]) * m[cell];
      }
    }
  }
  return columns;
}

}  // namespace

void deform_im2col(HostCall& call) {
  const Operands o = operands(call, 1);
  HostTensor& out = output(call, 0);
  const Geometry& g = o.geometry;
  expect_count(call, out, o.batches * g.channels * g.kernel_h * g.kernel_w * g.oh * g.ow);
  std::vector<float> all;
  for (std::int64_t n = 0; n < o.batches; ++n) {
    const std::vector<float> columns = columns_of(o, n);
    all.insert(all.end(), columns.begin(), columns.end());
  }
  store(call, out, all);
}

void deform_conv2d(HostCall& call) {
  const HostTensor& weights = input(call, 1);
  const Operands o = operands(call, 3);
  const Geometry& g = o.geometry;
  const std::vector<float> w = floats(call, weights), bias = floats(call, input(call, 2));
  HostTensor& out = output(call, 0);
  const std::int64_t oc = out.shape[1], rows = g.channels * g.kernel_h * g.kernel_w, cells = g.oh * g.ow;
  expect_count(call, weights, oc * rows);
  expect_at_least(call, input(call, 2), oc);
  expect_count(call, out, o.batches * oc * cells);
  bound_work(call, o.batches * rows * cells, oc);
  std::vector<float> y;
  for (std::int64_t n = 0; n < o.batches; ++n) {
    const std::vector<float> columns = columns_of(o, n);
    for (std::int64_t c = 0; c < oc; ++c) {
      std::vector<float> plane(static_cast<std::size_t>(cells), 0.0f);
      for (std::int64_t k = 0; k < rows; ++k) {
        const float factor = w[static_cast<std::size_t>(c * rows + k)];
        const float* column = columns.data() + k * cells;
        for (std::size_t i = 0; i < plane.size(); ++i) plane[i] += factor * column[i];
      }
      for (const float v : plane) y.push_back(v + bias[static_cast<std::size_t>(c)]);
    }
  }
  store(call, out, y);
}

}  // namespace vnpu::cv18xx::host
