// Boxes of a YOLOv3-like head: three maps (tiny: two) of three anchors each.
#include <algorithm>
#include <charconv>
#include <cmath>

#include "sim/cv18xx/host_functions/access.h"
#include "sim/cv18xx/host_functions/functions.h"

namespace vnpu::cv18xx::host {

namespace {

constexpr std::size_t anchors_per_map = 3, box_limit = 200;

struct Detection {
  float x = 0, y = 0, w = 0, h = 0, score = 0;
  std::int32_t cls = 0;
};

float sigmoid(float x) { return 1.0f / (1.0f + std::exp(-x)); }

// Width and height of each anchor, in pixels of the net's input.
std::vector<float> parse_anchors(const HostCall& call, std::size_t maps) {
  const std::string list = text(call, "anchors");
  std::vector<float> anchors;
  for (std::size_t at = 0; at < list.size();) {
    const std::size_t end = std::min(list.find(',', at), list.size());
    float value = 0;
    const char* first = list.data() + at;
    while (first < list.data() + end && *first == ' ') ++first;
    const auto [stop, error] = std::from_chars(first, list.data() + end, value);
    if (error != std::errc() || anchors.size() >= 2 * maps * anchors_per_map) {
      damaged(call, "attribute 'anchors' is not a list of " + std::to_string(2 * maps * anchors_per_map) +
                        " numbers: '" + list.substr(0, 80) + "'");
    }
    anchors.push_back(value);
    at = end + 1;
  }
  if (anchors.size() < 2 * maps * anchors_per_map) damaged(call, "attribute 'anchors' has too few numbers");
  return anchors;
}

// A map and what follows it in memory: models may name more classes than their maps have, and the vendor reads on.
class Map {
 public:
  Map(const HostCall& call, const HostTensor& tensor) : values_(floats(call, tensor)) {
    const std::size_t more = tensor.behind.size() / sizeof(float);
    behind_ = tensor.behind.first(more * sizeof(float));
  }
  float at(std::size_t i) const {
    if (i < values_.size()) return values_[i];
    const std::size_t byte = (i - values_.size()) * sizeof(float);
    float value = 0;
    if (byte + sizeof(float) <= behind_.size()) std::memcpy(&value, behind_.data() + byte, sizeof(float));
    return value;
  }

 private:
  std::vector<float> values_;
  std::span<const std::uint8_t> behind_;
};

struct Best {
  std::int32_t cls = 0;
  float probability = 0;
};

// Softmax over the classes, and its first maximum.
Best best_class(std::vector<float>& x) {
  const auto [minimum, maximum] = std::minmax_element(x.begin(), x.end());
  const float low = *minimum, high = *maximum;
  float sum = 0;
  for (float& v : x) {
    v -= high;
    if (low < -100.0f) v = v / low * -100.0f;
    v = std::exp(v);
    sum += v;
  }
  for (float& v : x) v /= sum;
  Best best{0, x[0]};
  for (std::size_t c = 1; c < x.size(); ++c) {
    if (x[c] > best.probability) best = {static_cast<std::int32_t>(c), x[c]};
  }
  return best;
}

float overlap(const HostCall& call, const Detection& a, const Detection& b) {
  const float w = std::min(a.x + a.w / 2.0f, b.x + b.w / 2.0f) - std::max(a.x - a.w / 2.0f, b.x - b.w / 2.0f);
  const float h = std::min(a.y + a.h / 2.0f, b.y + b.h / 2.0f) - std::max(a.y - a.h / 2.0f, b.y - b.h / 2.0f);
  const float inter = w > 0 && h > 0 ? w * h : 0.0f;
  const float iou = inter / (a.w * a.h + b.w * b.h - inter);
  if (!(iou <= 1.0f))
    fail(call, ErrorKind::fault, "the vendor's runtime asserts: the iou of two boxes is not at most 1");
  return iou;
}

void suppress(const HostCall& call, std::vector<Detection>& all, float threshold) {
  std::vector<bool> removed(all.size());
  for (std::size_t i = 0; i < all.size(); ++i) {
    for (std::size_t j = i + 1; j < all.size() && !removed[i]; ++j) {
      if (removed[j] || all[i].cls != all[j].cls) continue;
      if (!(overlap(call, all[i], all[j]) > threshold)) continue;
      removed[all[i].score < all[j].score ? i : j] = true;
    }
  }
  std::vector<Detection> kept;
  for (std::size_t i = 0; i < all.size(); ++i) {
    if (!removed[i]) kept.push_back(all[i]);
  }
  all = std::move(kept);
}

struct Head {
  float net_h = 0, net_w = 0, score_threshold = 0;
  std::int32_t classes = 0;
  std::vector<float> anchors;
};

// Boxes of one image from map m; `first` is the image's first element in the map.
void collect(const HostCall& call, const Head& head, const HostTensor& tensor, const Map& map, std::size_t m,
             std::size_t first, std::vector<Detection>& all) {
  const std::int64_t gh = tensor.shape[2], gw = tensor.shape[3], cells = gh * gw;
  std::vector<float> logits(static_cast<std::size_t>(head.classes));
  for (std::int64_t cell = 0; cell < cells; ++cell) {
    for (std::size_t j = 0; j < anchors_per_map; ++j) {
      const auto of = [&](std::int64_t d) {
        const std::int64_t plane = static_cast<std::int64_t>(j) * (head.classes + 5) + d;
        return map.at(first + static_cast<std::size_t>(plane * cells + cell));
      };
      const float confidence = sigmoid(of(4));
      // Written so that NaN is skipped, as the vendor's comparisons do.
      if (!(confidence >= head.score_threshold)) continue;
      for (std::int32_t c = 0; c < head.classes; ++c) logits[static_cast<std::size_t>(c)] = of(5 + c);
      const Best best = best_class(logits);
      Detection d;
      d.score = confidence * best.probability;
      if (!(d.score >= head.score_threshold)) continue;
      d.cls = best.cls;
      d.x = (sigmoid(of(0)) + static_cast<float>(cell % gw)) / static_cast<float>(gw);
      d.y = (sigmoid(of(1)) + static_cast<float>(cell / gw)) / static_cast<float>(gh);
      const float* anchor = head.anchors.data() + (m * anchors_per_map + j) * 2;
      d.w = std::exp(of(2)) * anchor[0] / head.net_w;
      d.h = std::exp(of(3)) * anchor[1] / head.net_h;
      if (all.size() >= box_limit) {
        fail(call, ErrorKind::fault, "the vendor's runtime asserts: more than 200 boxes before suppression");
      }
      all.push_back(d);
    }
  }
}

}  // namespace

void yolo_detection(HostCall& call) {
  Head head;
  head.net_h = static_cast<float>(integer_in(call, "net_input_h", 1, 1 << 20));
  head.net_w = static_cast<float>(integer_in(call, "net_input_w", 1, 1 << 20));
  head.score_threshold = number(call, "obj_threshold");
  head.classes = has(call, "class_num") ? integer_in(call, "class_num", 1, 1 << 16) : 80;
  const float nms_threshold = number(call, "nms_threshold");
  const std::int32_t keep = integer_in(call, "keep_topk", 0, 1 << 20);
  const std::size_t maps = boolean(call, "tiny", false) ? 2 : 3;
  head.anchors = parse_anchors(call, maps);
  if (call.inputs.size() != maps) {
    fail(call, ErrorKind::fault,
         "the vendor's runtime asserts: " + std::to_string(call.inputs.size()) + " inputs where there must be " +
             std::to_string(maps));
  }
  std::vector<const HostTensor*> sorted;
  for (const HostTensor& tensor : call.inputs) sorted.push_back(&tensor);
  std::stable_sort(sorted.begin(), sorted.end(),
                   [](const HostTensor* a, const HostTensor* b) { return a->shape[3] > b->shape[3]; });
  std::vector<Map> values;
  for (const HostTensor* tensor : sorted) values.emplace_back(call, *tensor);
  const std::int64_t images = sorted[0]->shape[0];
  HostTensor& out = output(call, 0);
  std::vector<float> rows = floats(call, out);
  if (out.shape[0] != images) damaged(call, "output " + describe(out) + " has not one batch an image");
  std::fill(rows.begin(), rows.end(), 0.0f);
  const std::size_t row_size = rows.size() / static_cast<std::size_t>(images);
  for (std::int64_t image = 0; image < images; ++image) {
    std::vector<Detection> all;
    for (std::size_t m = 0; m < maps; ++m) {
      const HostTensor& t = *sorted[m];
      const std::int64_t cells = t.shape[2] * t.shape[3];
      bound_work(call, images * cells, std::int64_t{3} * head.classes);
      if (!call.quirks.yolo_reads_behind && t.shape[1] < std::int64_t{3} * (head.classes + 5)) {
        damaged(call, "map " + describe(t) + " has too few channels for " + std::to_string(head.classes) + " classes");
      }
      collect(call, head, t, values[m], m, static_cast<std::size_t>(image * t.shape[1] * cells), all);
    }
    suppress(call, all, nms_threshold);
    if (all.size() > static_cast<std::size_t>(keep)) all.resize(static_cast<std::size_t>(keep));
    if (all.size() * 6 > row_size) damaged(call, "output " + describe(out) + " is too small for the boxes");
    std::size_t at = static_cast<std::size_t>(image) * row_size;
    for (const Detection& d : all) {
      for (const float v : {d.x, d.y, d.w, d.h, static_cast<float>(d.cls), d.score}) rows[at++] = v;
    }
  }
  store(call, out, rows);
}

}  // namespace vnpu::cv18xx::host
