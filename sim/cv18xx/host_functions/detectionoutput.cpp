// detectionoutput: the last layer of an SSD. The order of equal scores is that of libstdc++'s sort, so the sorts below
// must stay the same calls on the same number of elements.
#include <algorithm>
#include <cmath>
#include <map>

#include "sim/cv18xx/host_functions/access.h"
#include "sim/cv18xx/host_functions/functions.h"
#include "sim/cv18xx/host_functions/nms.h"

namespace vnpu::cv18xx::host {

namespace {

struct Options {
  std::int32_t classes = 0, background = 0, top_k = 0, keep_top_k = 0;
  float nms_threshold = 0, confidence_threshold = 0;
};

Options read_options(const HostCall& call) {
  Options o;
  o.classes = integer_in(call, "num_classes", 1, 1 << 16);
  o.background = integer(call, "background_label_id");
  o.top_k = integer(call, "top_k");
  o.keep_top_k = integer(call, "keep_top_k");
  o.nms_threshold = number(call, "nms_threshold");
  o.confidence_threshold = number(call, "confidence_threshold");
  const std::string code = text(call, "code_type");
  if (code != "CENTER_SIZE") fail(call, ErrorKind::unsupported, "code_type '" + code + "' is not known");
  if (!boolean(call, "share_location")) fail(call, ErrorKind::unsupported, "share_location false is not known");
  if (integer(call, "onnx_nms", 0) != 0) fail(call, ErrorKind::unsupported, "onnx_nms is not known");
  return o;
}

struct Inputs {
  const HostTensor* location = nullptr;
  const HostTensor* confidence = nullptr;
  const HostTensor* prior = nullptr;
};

// By name where all three names tell, else in routine order.
Inputs find_inputs(const HostCall& call) {
  Inputs named;
  for (const HostTensor& t : call.inputs) {
    if (t.name.find("mbox_loc") != std::string::npos) named.location = &t;
    if (t.name.find("mbox_conf") != std::string::npos) named.confidence = &t;
    if (t.name.find("mbox_prior") != std::string::npos) named.prior = &t;
  }
  if (named.location && named.confidence && named.prior) return named;
  return {&input(call, 0), &input(call, 1), &input(call, 2)};
}

using Scored = std::pair<float, int>;  // score, prior
bool by_score(const Scored& a, const Scored& b) { return a.first > b.first; }

Box decode(const float* location, const float* prior, const float* variance) {
  const float pw = prior[2] - prior[0], ph = prior[3] - prior[1];
  const float pcx = (prior[0] + prior[2]) * 0.5f, pcy = (prior[1] + prior[3]) * 0.5f;
  const float cx = variance[0] * location[0] * pw + pcx, cy = variance[1] * location[1] * ph + pcy;
  const float w = std::exp(variance[2] * location[2]) * pw, h = std::exp(variance[3] * location[3]) * ph;
  return box_around(cx, cy, w, h);
}

float size_of_box(const Box& b) { return b.x2 < b.x1 || b.y2 < b.y1 ? 0.0f : (b.x2 - b.x1) * (b.y2 - b.y1); }

bool overlaps(const Box& a, const Box& b, float threshold) {
  if (b.x1 > a.x2 || b.x2 < a.x1 || b.y1 > a.y2 || b.y2 < a.y1) return false;
  const float w = std::min(a.x2, b.x2) - std::max(a.x1, b.x1), h = std::min(a.y2, b.y2) - std::max(a.y1, b.y1);
  const float inter = w * h;
  return inter * (threshold + 1.0f) > (size_of_box(a) + size_of_box(b)) * threshold;
}

// Priors of one class that survive, best first.
std::vector<Scored> suppress(const HostCall& call, std::vector<Scored> scored, const std::vector<Box>& boxes,
                             const Options& o) {
  std::size_t n = scored.size();
  if (o.top_k >= 0 && static_cast<std::size_t>(o.top_k) < n) {
    n = static_cast<std::size_t>(o.top_k);
    std::partial_sort(scored.begin(), scored.begin() + o.top_k, scored.end(), by_score);
  } else {
    std::sort(scored.begin(), scored.end(), by_score);
  }
  bound_work(call, static_cast<std::int64_t>(n), static_cast<std::int64_t>(n), pair_limit);
  std::vector<Scored> kept;
  for (std::size_t i = 0; i < n; ++i) {
    const Box& box = boxes[static_cast<std::size_t>(scored[i].second)];
    const bool clear = std::none_of(kept.begin(), kept.end(), [&](const Scored& k) {
      return overlaps(box, boxes[static_cast<std::size_t>(k.second)], o.nms_threshold);
    });
    if (clear) kept.push_back(scored[i]);
  }
  return kept;
}

using ByClass = std::map<int, std::vector<Scored>>;

// The best keep_top_k of all classes, again by class.
void limit(ByClass& kept, std::size_t total, std::int32_t keep_top_k) {
  if (keep_top_k < 0 || total <= static_cast<std::size_t>(keep_top_k)) return;
  std::vector<std::pair<float, std::pair<int, int>>> list;
  for (const auto& [cls, scored] : kept) {
    for (const Scored& s : scored) list.push_back({s.first, {cls, s.second}});
  }
  std::sort(list.begin(), list.end(), [](const auto& a, const auto& b) { return a.first > b.first; });
  list.resize(static_cast<std::size_t>(keep_top_k));
  kept.clear();
  for (const auto& [score, which] : list) kept[which.first].push_back({score, which.second});
}

}  // namespace

void detection_output(HostCall& call) {
  const Options o = read_options(call);
  const Inputs in = find_inputs(call);
  const std::vector<float> location = floats(call, *in.location), confidence = floats(call, *in.confidence);
  const std::vector<float> prior = floats(call, *in.prior);
  HostTensor& out = output(call, 0);
  std::vector<float> rows = floats(call, out);
  const std::int64_t images = in.location->shape[0], priors = in.prior->shape[2] / 4;
  if (images <= 0 || priors <= 0) damaged(call, "there are no priors");
  expect_at_least(call, *in.prior, 2 * priors * 4);
  expect_at_least(call, *in.location, images * priors * 4);
  bound_work(call, images * priors, o.classes);
  expect_at_least(call, *in.confidence, images * priors * o.classes);

  std::vector<ByClass> results;
  std::vector<std::vector<Box>> decoded;
  std::size_t found = 0;
  for (std::int64_t image = 0; image < images; ++image) {
    std::vector<Box> boxes;
    for (std::int64_t p = 0; p < priors; ++p) {
      boxes.push_back(
          decode(location.data() + (image * priors + p) * 4, prior.data() + p * 4, prior.data() + (priors + p) * 4));
    }
    ByClass kept;
    std::size_t total = 0;
    for (std::int32_t c = 0; c < o.classes; ++c) {
      if (c == o.background) continue;
      std::vector<Scored> scored;
      for (std::int64_t p = 0; p < priors; ++p) {
        const float score = confidence[static_cast<std::size_t>((image * priors + p) * o.classes + c)];
        if (score > o.confidence_threshold) scored.emplace_back(score, static_cast<int>(p));
      }
      std::vector<Scored> survivors = suppress(call, std::move(scored), boxes, o);
      total += survivors.size();
      if (!survivors.empty()) kept[c] = std::move(survivors);
    }
    limit(kept, total, o.keep_top_k);
    for (const auto& [cls, scored] : kept) found += scored.size();
    results.push_back(std::move(kept));
    decoded.push_back(std::move(boxes));
  }

  std::fill(rows.begin(), rows.end(), -1.0f);
  expect_at_least(call, out, static_cast<std::int64_t>(found == 0 ? results.size() : found) * 7);
  std::size_t at = 0;
  for (std::size_t image = 0; image < results.size(); ++image) {
    if (found == 0) rows[image * 7] = static_cast<float>(image);
    for (const auto& [cls, scored] : results[image]) {
      for (const auto& [score, p] : scored) {
        const Box& b = decoded[image][static_cast<std::size_t>(p)];
        for (const float v : {static_cast<float>(image), static_cast<float>(cls), score, b.x1, b.y1, b.x2, b.y2}) {
          rows[at++] = v;
        }
      }
    }
  }
  store(call, out, rows);
}

}  // namespace vnpu::cv18xx::host
