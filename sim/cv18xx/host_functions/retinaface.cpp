// retinaface_detection: faces with five landmarks from three strides of two anchors each.
#include <algorithm>
#include <array>
#include <cmath>

#include "sim/cv18xx/host_functions/access.h"
#include "sim/cv18xx/host_functions/functions.h"
#include "sim/cv18xx/host_functions/nms.h"

namespace vnpu::cv18xx::host {

namespace {

constexpr std::size_t strides = 3, anchors = 2, points = 5;

struct Face {
  Box box;
  float score = 0;
  std::array<float, 2 * points> landmarks{};
};

// Scores (2 * anchors channels, the second half counts), box deltas and landmark offsets of one stride.
struct Level {
  const HostTensor* scores = nullptr;
  const HostTensor* deltas = nullptr;
  const HostTensor* landmarks = nullptr;
};

void collect(const HostCall& call, const Level& level, int stride, const std::array<float, anchors>& scales,
             float threshold, std::vector<Face>& faces) {
  const std::int64_t h = level.scores->shape[2], w = level.scores->shape[3], cells = h * w;
  const std::vector<float> scores = floats(call, *level.scores), deltas = floats(call, *level.deltas);
  const std::vector<float> landmarks = floats(call, *level.landmarks);
  expect_at_least(call, *level.scores, cells * 4);
  expect_at_least(call, *level.deltas, cells * 8);
  expect_at_least(call, *level.landmarks, cells * 20);
  for (std::size_t k = 0; k < anchors; ++k) {
    const bool plus_one = call.quirks.retinaface_anchor_plus_one;
    const float size = plus_one ? 17.0f * scales[k] + 1.0f : 16.0f * scales[k];
    const float centre = plus_one ? 8.5f : 7.5f;
    for (std::int64_t cell = 0; cell < cells; ++cell) {
      const auto plane = [&](const std::vector<float>& map, std::size_t channel) {
        return map[channel * static_cast<std::size_t>(cells) + static_cast<std::size_t>(cell)];
      };
      Face face;
      face.score = plane(scores, anchors + k);
      if (!(face.score > threshold)) continue;
      const float x = centre + static_cast<float>(cell % w) * static_cast<float>(stride);
      const float y = centre + static_cast<float>(cell / w) * static_cast<float>(stride);
      const float cx = plane(deltas, 4 * k) * size + x, cy = plane(deltas, 4 * k + 1) * size + y;
      const auto grown = [&](float d) {
        return static_cast<float>(std::exp(static_cast<double>(d)) * static_cast<double>(size)) - 1.0f;
      };
      face.box = box_around(cx, cy, grown(plane(deltas, 4 * k + 2)), grown(plane(deltas, 4 * k + 3)));
      for (std::size_t p = 0; p < points; ++p) {
        face.landmarks[2 * p] = x + plane(landmarks, 10 * k + 2 * p) * size;
        face.landmarks[2 * p + 1] = y + plane(landmarks, 10 * k + 2 * p + 1) * size;
      }
      faces.push_back(face);
    }
  }
}

std::vector<bool> suppress(const HostCall& call, const std::vector<Face>& faces, float threshold) {
  bound_work(call, static_cast<std::int64_t>(faces.size()), static_cast<std::int64_t>(faces.size()), pair_limit);
  std::vector<bool> removed(faces.size());
  for (std::size_t p = 0; p < faces.size(); ++p) {
    if (removed[p]) continue;
    const float area = area_plus_one(faces[p].box);
    const Box& against = faces[call.quirks.retinaface_nms_next_box ? std::min(p + 1, faces.size() - 1) : p].box;
    for (std::size_t i = p + 1; i < faces.size(); ++i) {
      if (removed[i]) continue;
      const float inter = intersection(against, faces[i].box, 1.0f);
      removed[i] = inter / (area + area_plus_one(faces[i].box) - inter) > threshold;
    }
  }
  return removed;
}

}  // namespace

void retinaface_detection(HostCall& call) {
  const float nms_threshold = number(call, "nms_threshold"), score_threshold = number(call, "confidence_threshold");
  const std::int32_t keep = integer_in(call, "keep_topk", 0, 1 << 20);
  if (call.inputs.size() != 3 * strides) damaged(call, "does not have 9 inputs");
  std::array<const HostTensor*, 3 * strides> sorted{};
  for (std::size_t i = 0; i < sorted.size(); ++i) sorted[i] = &call.inputs[i];
  std::stable_sort(sorted.begin(), sorted.end(), [](const HostTensor* a, const HostTensor* b) {
    return std::pair(a->shape[3], a->shape[1]) < std::pair(b->shape[3], b->shape[1]);
  });
  constexpr std::array<std::array<float, anchors>, strides> scales{{{32, 16}, {8, 4}, {2, 1}}};
  HostTensor& out = output(call, 0);
  std::vector<float> rows = floats(call, out);
  expect_at_least(call, out, std::int64_t{keep} * 15);

  std::vector<Face> faces;
  for (std::size_t s = 0; s < strides; ++s) {
    collect(call, {sorted[3 * s], sorted[3 * s + 1], sorted[3 * s + 2]}, 32 >> s, scales[s], score_threshold, faces);
  }
  // Equal scores keep the order libstdc++'s sort leaves them in.
  std::sort(faces.begin(), faces.end(), [](const Face& a, const Face& b) { return a.score > b.score; });
  const std::vector<bool> removed = suppress(call, faces, nms_threshold);
  std::fill(rows.begin(), rows.end(), 0.0f);
  std::size_t at = 0;
  std::int32_t written = 0;
  for (std::size_t i = 0; i < faces.size(); ++i) {
    if (removed[i]) continue;
    if (written++ == keep) break;
    const Box& b = faces[i].box;
    for (const float v : {b.x1, b.y1, b.x2, b.y2, faces[i].score}) rows[at++] = v;
    for (const float v : faces[i].landmarks) rows[at++] = v;
  }
  store(call, out, rows);
}

}  // namespace vnpu::cv18xx::host
