// Region proposals of a Faster R-CNN: nine anchors a cell, suppression in the order of discovery.
#include <array>
#include <cmath>

#include "sim/cv18xx/host_functions/access.h"
#include "sim/cv18xx/host_functions/functions.h"
#include "sim/cv18xx/host_functions/nms.h"

namespace vnpu::cv18xx::host {

namespace {

constexpr int anchors = 9;

struct Anchor {
  float w = 0, h = 0, centre = 0;
};

std::array<Anchor, anchors> make_anchors(float base) {
  std::array<Anchor, anchors> made;
  std::size_t k = 0;
  for (const float ratio : {0.5f, 1.0f, 2.0f}) {
    const float w0 = std::round(std::sqrt(base * base / ratio));
    const float h0 = std::round(w0 * ratio);
    for (const float scale : {8.0f, 16.0f, 32.0f}) made[k++] = {w0 * scale, h0 * scale, (base - 1.0f) / 2.0f};
  }
  return made;
}

struct Candidate {
  Box box;
  float score = 0;
  bool removed = false;
};

void suppress(const HostCall& call, std::vector<Candidate>& all, float threshold) {
  bound_work(call, static_cast<std::int64_t>(all.size()), static_cast<std::int64_t>(all.size()), pair_limit);
  for (std::size_t i = 0; i < all.size(); ++i) {
    if (all[i].removed) continue;
    for (std::size_t j = i + 1; j < all.size(); ++j) {
      if (all[j].removed) continue;
      if (!(overlap(all[i].box, all[j].box, call.quirks.nms_intersection_without_one) > threshold)) continue;
      if (all[i].score >= all[j].score) {
        all[j].removed = true;
      } else {
        all[i].removed = true;
        break;
      }
    }
  }
}

}  // namespace

void proposal(HostCall& call) {
  const std::int32_t stride = integer(call, "feat_stride");
  const std::int32_t base = integer_in(call, "anchor_base_size", 1, 1 << 16);
  const std::int32_t net_h = integer_in(call, "net_input_h", 1, 1 << 20);
  const std::int32_t net_w = integer_in(call, "net_input_w", 1, 1 << 20);
  const float score_threshold = number(call, "rpn_obj_threshold"), nms_threshold = number(call, "rpn_nms_threshold");
  const std::int32_t keep = integer_in(call, "rpn_nms_post_top_n", 0, 1 << 20);
  const bool ordered = input(call, 0).shape[1] <= input(call, 1).shape[1];
  const HostTensor& scores = input(call, ordered ? 0 : 1);
  const HostTensor& deltas = input(call, ordered ? 1 : 0);
  const std::vector<float> score = floats(call, scores), delta = floats(call, deltas);
  HostTensor& out = output(call, 0);
  std::vector<float> rows = floats(call, out);
  const std::int64_t batches = scores.shape[0], h = scores.shape[2], w = scores.shape[3];
  if (scores.shape[1] != 2 * anchors) damaged(call, "scores " + describe(scores) + " do not have 18 channels");
  expect_count(call, deltas, batches * 4 * anchors * h * w);
  expect_at_least(call, out, batches * keep * 5);
  const std::array<Anchor, anchors> anchor = make_anchors(static_cast<float>(base));
  const std::int64_t cells = h * w;
  std::fill(rows.begin(), rows.end(), 0.0f);
  for (std::int64_t b = 0; b < batches; ++b) {
    const float* s = score.data() + (b * 2 + 1) * anchors * cells;
    const float* d = delta.data() + b * 4 * anchors * cells;
    std::vector<Candidate> all;
    for (std::int64_t k = 0; k < anchors; ++k) {
      const Anchor& a = anchor[static_cast<std::size_t>(k)];
      for (std::int64_t cell = 0; cell < cells; ++cell) {
        const float here = s[k * cells + cell];
        if (!(here >= score_threshold)) continue;
        const auto of = [&](std::int64_t i) { return d[(k * 4 + i) * cells + cell]; };
        const float cx = static_cast<float>(cell % w) * static_cast<float>(stride) + a.centre + a.w * of(0);
        const float cy = static_cast<float>(cell / w) * static_cast<float>(stride) + a.centre + a.h * of(1);
        Box box = box_around(cx, cy, a.w * std::exp(of(2)), a.h * std::exp(of(3)));
        const auto clamp = [](float v, std::int32_t size) {
          return std::max(std::min(v, static_cast<float>(size - 1)), 0.0f);
        };
        box = {clamp(box.x1, net_w), clamp(box.y1, net_h), clamp(box.x2, net_w), clamp(box.y2, net_h)};
        all.push_back({box, here, false});
      }
    }
    if (all.empty()) fail(call, ErrorKind::fault, "no region reaches the threshold; the vendor's runtime crashes");
    suppress(call, all, nms_threshold);
    std::size_t row = static_cast<std::size_t>(b * keep * 5);
    std::int32_t written = 0;
    for (const Candidate& c : all) {
      if (c.removed) continue;
      if (written++ == keep) break;
      for (const float v : {static_cast<float>(b), c.box.x1, c.box.y1, c.box.x2, c.box.y2}) rows[row++] = v;
    }
  }
  store(call, out, rows);
}

}  // namespace vnpu::cv18xx::host
