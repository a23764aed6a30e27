// The last step of a Faster R-CNN: boxes of every region and class, suppression per class.
#include <algorithm>
#include <array>
#include <cmath>

#include "sim/cv18xx/host_functions/access.h"
#include "sim/cv18xx/host_functions/functions.h"
#include "sim/cv18xx/host_functions/nms.h"

namespace vnpu::cv18xx::host {

namespace {

struct Detection {
  Box box;
  std::int32_t cls = 0;
  float score = 0;
};

void suppress(const HostCall& call, std::vector<Detection>& all, float threshold) {
  bound_work(call, static_cast<std::int64_t>(all.size()), static_cast<std::int64_t>(all.size()), pair_limit);
  for (std::size_t i = 0; i < all.size(); ++i) {
    for (std::size_t j = i + 1; j < all.size(); ++j) {
      if (all[i].cls != all[j].cls || all[i].score == 0) continue;
      if (!(overlap(all[i].box, all[j].box, call.quirks.nms_intersection_without_one) > threshold)) continue;
      (all[i].score < all[j].score ? all[i] : all[j]).score = 0;
    }
  }
}

}  // namespace

void frcn_detection(HostCall& call) {
  const float nms_threshold = number(call, "nms_threshold"), score_threshold = number(call, "obj_threshold");
  const std::int32_t keep = integer_in(call, "keep_topk", 0, 1 << 20);
  const std::int32_t classes = integer_in(call, "class_num", 1, 1 << 16);
  std::array<const HostTensor*, 3> sorted{&input(call, 0), &input(call, 1), &input(call, 2)};
  std::stable_sort(sorted.begin(), sorted.end(),
                   [](const HostTensor* a, const HostTensor* b) { return a->shape[1] > b->shape[1]; });
  const std::vector<float> delta = floats(call, *sorted[0]), score = floats(call, *sorted[1]);
  const std::vector<float> roi = floats(call, *sorted[2]);
  const std::int64_t regions = count(*sorted[2]) / 5;
  bound_work(call, regions, classes, std::int64_t{1} << 28);
  expect_at_least(call, *sorted[0], regions * classes * 4);
  expect_at_least(call, *sorted[1], regions * classes);
  HostTensor& out = output(call, 0);
  std::vector<float> rows = floats(call, out);
  expect_at_least(call, out, std::int64_t{keep} * 6);

  std::vector<Detection> all;
  for (std::int64_t r = 0; r < regions; ++r) {
    const float* box = roi.data() + r * 5 + 1;
    const float w = box[2] - box[0] + 1.0f, h = box[3] - box[1] + 1.0f;
    const auto centre_x = static_cast<float>(static_cast<double>(box[0]) + static_cast<double>(w) * 0.5);
    const auto centre_y = static_cast<float>(static_cast<double>(box[1]) + static_cast<double>(h) * 0.5);
    for (std::int32_t c = 1; c < classes; ++c) {
      const float here = score[static_cast<std::size_t>(r * classes + c)];
      if (!(here > score_threshold)) continue;
      const float* d = delta.data() + (r * classes + c) * 4;
      const float cx = d[0] * w + centre_x, cy = d[1] * h + centre_y;
      const float half_w = std::exp(d[2]) * w / 2.0f, half_h = std::exp(d[3]) * h / 2.0f;
      all.push_back({{cx - half_w, cy - half_h, cx + half_w, cy + half_h}, c, here});
    }
  }
  suppress(call, all, nms_threshold);
  std::fill(rows.begin(), rows.end(), 0.0f);
  std::size_t at = 0;
  std::int32_t written = 0;
  for (const Detection& d : all) {
    if (d.score == 0) continue;
    if (written++ == keep) break;
    for (const float v : {d.box.x1, d.box.y1, d.box.x2, d.box.y2, static_cast<float>(d.cls), d.score}) rows[at++] = v;
  }
  store(call, out, rows);
}

}  // namespace vnpu::cv18xx::host
