// interp: resizing of planes. One rounding per operation throughout.
#include <algorithm>
#include <cmath>
#include <limits>

#include "sim/cv18xx/host_functions/access.h"
#include "sim/cv18xx/host_functions/functions.h"

namespace vnpu::cv18xx::host {

namespace {

enum class Mode { align_corners, half_pixel, asymmetric, nearest, nearest_half_pixel };

struct Tap {
  std::int64_t i0 = 0, i1 = 0;
  float w0 = 0, w1 = 0;
};

Tap tap(Mode mode, std::int64_t in, std::int64_t out, std::int64_t k, bool pytorch) {
  const auto i = static_cast<float>(in), o = static_cast<float>(out), at = static_cast<float>(k);
  Tap t;
  if (mode == Mode::nearest) {
    t.i0 = std::clamp<std::int64_t>(to_int(at * (i / o)), 0, in - 1);
    t.i1 = t.i0;
    return t;
  }
  if (mode == Mode::nearest_half_pixel) {
    const float s = i / o;  // the rest in double
    const double p = std::ceil((static_cast<double>(k) + 0.5) * static_cast<double>(s) - 1.0);
    t.i0 = std::clamp<std::int64_t>(to_int(static_cast<float>(p)), 0, in - 1);
    t.i1 = t.i0;
    return t;
  }
  float p = 0;
  if (mode == Mode::align_corners) {
    const float s = out > 1 ? static_cast<float>(in - 1) / static_cast<float>(out - 1) : 0.0f;
    p = s * at;
  } else if (mode == Mode::asymmetric) {
    p = std::min(at * (i / o), static_cast<float>(in - 1));
  } else {
    p = pytorch && out == 1 ? 0.0f : (at + 0.5f) / (o / i) - 0.5f;
    p = std::clamp(p, 0.0f, static_cast<float>(in - 1));
  }
  t.i0 = std::clamp<std::int64_t>(to_int(p), 0, in - 1);
  t.i1 = std::min(t.i0 + 1, in - 1);
  if (mode == Mode::half_pixel) {
    t.w0 = std::abs(p - static_cast<float>(t.i1));
    t.w1 = std::abs(p - static_cast<float>(t.i0));
    if (t.i0 == t.i1) t.w0 = t.w1 = 0.5f;
  } else {
    t.w1 = p - static_cast<float>(t.i0);
    t.w0 = 1.0f - t.w1;
  }
  return t;
}

float blend(Mode mode, const Tap& y, const Tap& x, float a, float b, float c, float d) {
  if (mode == Mode::align_corners) return y.w0 * (x.w0 * a + x.w1 * b) + y.w1 * (x.w0 * c + x.w1 * d);
  return (x.w0 * y.w0) * a + (x.w1 * y.w0) * b + (x.w0 * y.w1) * c + (x.w1 * y.w1) * d;
}

Mode mode_of(const HostCall& call, const std::string& text) {
  if (text == "half_pixel" || text == "pytorch_half_pixel") return Mode::half_pixel;
  if (text == "asymmetric") return Mode::asymmetric;
  if (text == "nearest_half_pixel") return Mode::nearest_half_pixel;
  if (text.starts_with("nearest")) return Mode::nearest;
  if (text == "align_corners") return Mode::align_corners;
  // With any other word the vendor's runtime uses an unset geometry.
  fail(call, ErrorKind::unsupported, "coordinate_transformation_mode '" + text + "' is not known");
}

}  // namespace

void interp(HostCall& call) {
  const HostTensor& in = input(call, 0);
  HostTensor& out = output(call, 0);
  const std::string text_mode = text(call, "coordinate_transformation_mode");
  const Mode mode = mode_of(call, text_mode);
  const std::vector<float> x = floats(call, in);
  expect(call, out, DType::f32);
  const std::int64_t planes = in.shape[0] * in.shape[1], stride = in.shape[3];
  std::int64_t ih = in.shape[2], iw = in.shape[3], first = 0;
  if (mode == Mode::align_corners) {  // negative padding crops; the other modes ignore it
    const std::int64_t begin = integer(call, "pad_beg", 0), end = integer(call, "pad_end", 0);
    if (begin > 0 || end > 0) fail(call, ErrorKind::fault, "the vendor's runtime asserts: padding is positive");
    ih += begin + end;
    iw += begin + end;
    if (ih <= 0 || iw <= 0) fail(call, ErrorKind::fault, "the vendor's runtime asserts: the padding crops all");
    first = -begin * (stride + 1);
  }
  const std::int64_t oh = out.shape[2], ow = out.shape[3];
  if (out.shape[0] * out.shape[1] != planes) damaged(call, "input and output have other planes");
  std::vector<Tap> rows, columns;
  for (std::int64_t k = 0; k < oh; ++k) rows.push_back(tap(mode, ih, oh, k, text_mode == "pytorch_half_pixel"));
  for (std::int64_t k = 0; k < ow; ++k) columns.push_back(tap(mode, iw, ow, k, text_mode == "pytorch_half_pixel"));
  std::vector<float> y;
  y.reserve(static_cast<std::size_t>(count(out)));
  for (std::int64_t p = 0; p < planes; ++p) {
    const float* plane = x.data() + p * in.shape[2] * stride + first;
    for (const Tap& r : rows) {
      const float *upper = plane + r.i0 * stride, *lower = plane + r.i1 * stride;
      if (mode == Mode::nearest || mode == Mode::nearest_half_pixel) {
        for (const Tap& c : columns) y.push_back(upper[c.i0]);
      } else {
        for (const Tap& c : columns) y.push_back(blend(mode, r, c, upper[c.i0], upper[c.i1], lower[c.i0], lower[c.i1]));
      }
    }
  }
  store(call, out, y);
}

}  // namespace vnpu::cv18xx::host
