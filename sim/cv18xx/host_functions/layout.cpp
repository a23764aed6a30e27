// Functions that only move (or scale) values: transpose, preprocess, pixelshuffle.
#include <algorithm>

#include "sim/cv18xx/host_functions/access.h"
#include "sim/cv18xx/host_functions/functions.h"

namespace vnpu::cv18xx::host {

// Interleaved channels become planes: y[n][j % C][j / C] = x[n][j].
void transpose(HostCall& call) {
  const HostTensor& in = input(call, 0);
  HostTensor& out = output(call, 0);
  const std::vector<float> x = floats(call, in);
  expect(call, out, DType::f32);
  expect_count(call, out, count(in));
  const std::int64_t channels = out.shape[1], plane = out.shape[2] * out.shape[3];
  std::vector<float> y(x.size());
  for (std::int64_t k = 0; k < count(in); ++k) {
    const std::int64_t n = k / (channels * plane), j = k % (channels * plane);
    y[static_cast<std::size_t>(n * channels * plane + (j % channels) * plane + j / channels)] =
        x[static_cast<std::size_t>(k)];
  }
  store(call, out, y);
}

void preprocess(HostCall& call) {
  const HostTensor& in = input(call, 0);
  HostTensor& out = output(call, 0);
  const float scale = number(call, "scale"), raw_scale = number(call, "raw_scale");
  const std::vector<float> mean = numbers(call, "mean");
  const std::vector<std::int32_t> order = integers(call, "color_order");
  const std::vector<float> x = floats(call, in);
  expect(call, out, DType::f32);
  expect_count(call, out, count(in));
  const std::int64_t channels = in.shape[1], plane = in.shape[2] * in.shape[3];
  if (!mean.empty() && static_cast<std::int64_t>(mean.size()) < channels)
    damaged(call, "attribute 'mean' is too short");
  if (!order.empty() && static_cast<std::int64_t>(order.size()) < channels) {
    damaged(call, "attribute 'color_order' is too short");
  }
  std::vector<float> y(x.size());
  for (std::int64_t k = 0; k < count(in); ++k) {
    const std::int64_t n = k / (channels * plane), c = k / plane % channels;
    const std::int64_t to = order.empty() ? c : order[static_cast<std::size_t>(c)];
    if (to < 0 || to >= channels) damaged(call, "attribute 'color_order' names channel " + std::to_string(to));
    y[static_cast<std::size_t>((n * channels + to) * plane + k % plane)] = x[static_cast<std::size_t>(k)];
  }
  for (std::int64_t k = 0; k < count(in); ++k) {
    float& v = y[static_cast<std::size_t>(k)];
    if (raw_scale != 0) v *= raw_scale;
    if (!mean.empty()) v -= mean[static_cast<std::size_t>(k / plane % channels)];
    if (scale != 1) v *= scale;
  }
  store(call, out, y);
}

void pixel_shuffle(HostCall& call) {
  const HostTensor& in = input(call, 0);
  HostTensor& out = output(call, 0);
  const std::int64_t r = integer_in(call, "upscale_factor", 1, 1 << 15);
  const std::string mode = text(call, "mode", "DCR");
  if (mode != "DCR") fail(call, ErrorKind::fault, "the vendor's runtime asserts: mode '" + mode + "' is not DCR");
  if (in.dtype != DType::i8 && in.dtype != DType::u8) damaged(call, "tensor " + describe(in) + " is not int8");
  const std::int64_t channels = in.shape[1], h = in.shape[2], w = in.shape[3];
  if (channels % (r * r) != 0) damaged(call, "the channels are no multiple of upscale_factor squared");
  if (out.dtype != in.dtype) damaged(call, "output " + describe(out) + " has not the type of " + describe(in));
  expect_count(call, out, count(in));
  const std::int64_t oc = channels / (r * r);
  Bytes y(in.bytes.size());
  for (std::int64_t k = 0; k < count(in); ++k) {
    const std::int64_t n = k / (channels * h * w), c = k / (h * w) % channels, row = k / w % h, column = k % w;
    const std::int64_t to_row = row * r + (c / oc) / r, to_column = column * r + (c / oc) % r;
    y[static_cast<std::size_t>(((n * oc + c % oc) * h * r + to_row) * w * r + to_column)] =
        in.bytes[static_cast<std::size_t>(k)];
  }
  y.resize(static_cast<std::size_t>(count(in)));
  store(call, out, y);
}

}  // namespace vnpu::cv18xx::host
