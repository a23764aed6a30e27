// detectionoutput: the last layer of an SSD. The order of equal scores is that of libstdc++'s sort, so the sorts below
// must stay the same calls on the same number of elements.
#include <algorithm>
#include <cmath>

#include "sim/cv18xx/host_functions/access.h"
#include "sim/cv18xx/host_functions/functions.h"
#include "sim/cv18xx/host_functions/nms.h"

namespace vnpu::cv18xx::host {

namespace {

struct Options {
  std::int32_t classes = 0, background = 0, top_k = 0, keep_top_k = 0;
  float nms_threshold = 0, confidence_threshold = 0;
  bool share_location = true;
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
  if (code != "CENTER_SIZE") fail(call, ErrorKind::fault, "the vendor's runtime asserts: code_type is '" + code + "'");
  o.share_location = boolean(call, "share_location");
  if (o.top_k < 0) fail(call, ErrorKind::fault, "the vendor's runtime does not survive a negative top_k");
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
    if (t.name.find("mbox_priorbox") != std::string::npos) named.prior = &t;
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

struct Kept {
  float score = 0;
  int cls = 0;
  Box box;
};

// Boxes of one class that survive, best first.
std::vector<Kept> suppress(const HostCall& call, std::vector<Scored> scored, const std::vector<Box>& boxes, int cls,
                           const Options& o, std::int64_t& pairs) {
  std::size_t n = scored.size();
  if (static_cast<std::size_t>(o.top_k) < n) {
    n = static_cast<std::size_t>(o.top_k);
    std::partial_sort(scored.begin(), scored.begin() + o.top_k, scored.end(), by_score);
  } else {
    std::sort(scored.begin(), scored.end(), by_score);
  }
  pairs += static_cast<std::int64_t>(n * n);  // n < 2^24, so that the sum cannot overflow before it is refused
  bound_work(call, pairs, 1, pair_limit);
  std::vector<Kept> kept;
  for (std::size_t i = 0; i < n; ++i) {
    const Box& box = boxes[static_cast<std::size_t>(scored[i].second)];
    const bool clear =
        std::none_of(kept.begin(), kept.end(), [&](const Kept& k) { return overlaps(box, k.box, o.nms_threshold); });
    if (clear) kept.push_back({scored[i].first, cls, box});
  }
  return kept;
}

// The best keep_top_k of all classes, again by class.
void limit(std::vector<Kept>& kept, std::int32_t keep_top_k) {
  if (keep_top_k < 0 || kept.size() <= static_cast<std::size_t>(keep_top_k)) return;
  std::sort(kept.begin(), kept.end(), [](const Kept& a, const Kept& b) { return a.score > b.score; });
  kept.resize(static_cast<std::size_t>(keep_top_k));
  std::stable_sort(kept.begin(), kept.end(), [](const Kept& a, const Kept& b) { return a.cls < b.cls; });
}

struct Data {
  std::vector<float> location, confidence, prior;
  std::int64_t priors = 0;
};

// What remains of one image, by class.
std::vector<Kept> detect(const HostCall& call, const Data& data, std::int64_t image, const Options& o,
                         std::int64_t& pairs) {
  std::vector<Kept> kept;
  // With shared locations the vendor's runtime takes their class, -1, for the background when that is -1 too.
  if (o.share_location && o.background == -1) return kept;
  std::vector<Box> boxes(static_cast<std::size_t>(data.priors));
  const std::int64_t locations = o.share_location ? 1 : o.classes;
  for (std::int32_t c = 0; c < o.classes; ++c) {
    if (c == o.background) continue;
    std::vector<Scored> scored;
    for (std::int64_t p = 0; p < data.priors; ++p) {
      const float score = data.confidence[static_cast<std::size_t>((image * data.priors + p) * o.classes + c)];
      if (!(score > o.confidence_threshold)) continue;
      scored.emplace_back(score, static_cast<int>(p));
      const std::int64_t at = (image * data.priors + p) * locations + (o.share_location ? 0 : c);
      boxes[static_cast<std::size_t>(p)] =
          decode(data.location.data() + at * 4, data.prior.data() + p * 4, data.prior.data() + (data.priors + p) * 4);
    }
    const std::vector<Kept> survivors = suppress(call, std::move(scored), boxes, c, o, pairs);
    kept.insert(kept.end(), survivors.begin(), survivors.end());
  }
  limit(kept, o.keep_top_k);
  return kept;
}

}  // namespace

void detection_output(HostCall& call) {
  const Options o = read_options(call);
  const Inputs in = find_inputs(call);
  const Data data{floats(call, *in.location), floats(call, *in.confidence), floats(call, *in.prior),
                  in.prior->shape[2] / 4};
  HostTensor& out = output(call, 0);
  std::vector<float> rows = floats(call, out);
  const std::int64_t images = in.location->shape[0];
  if (images <= 0 || data.priors <= 0) damaged(call, "there are no priors");
  if (data.priors > std::int64_t{1} << 24) fail(call, ErrorKind::unsupported, "more than 2^24 priors");
  expect_at_least(call, *in.prior, 2 * data.priors * 4);
  bound_work(call, images * data.priors, o.classes);
  expect_at_least(call, *in.location, images * data.priors * 4 * (o.share_location ? 1 : o.classes));
  expect_at_least(call, *in.confidence, images * data.priors * o.classes);

  std::vector<std::vector<Kept>> results;
  std::size_t found = 0;
  std::int64_t pairs = 0;
  for (std::int64_t image = 0; image < images; ++image) {
    results.push_back(detect(call, data, image, o, pairs));
    found += results.back().size();
  }
  expect_at_least(call, out, static_cast<std::int64_t>(found == 0 ? results.size() : found) * 7);
  // The rows that may be kept are -1 at first; an output that has more keeps what it held.
  const std::int64_t cleared = std::min(count(out), images * std::max(o.keep_top_k, 0) * 7);
  std::fill_n(rows.begin(), cleared, -1.0f);
  std::size_t at = 0;
  for (std::size_t image = 0; image < results.size(); ++image) {
    if (found == 0) rows[image * 7] = static_cast<float>(image);
    for (const Kept& k : results[image]) {
      for (const float v :
           {static_cast<float>(image), static_cast<float>(k.cls), k.score, k.box.x1, k.box.y1, k.box.x2, k.box.y2}) {
        rows[at++] = v;
      }
    }
  }
  store(call, out, rows);
}

}  // namespace vnpu::cv18xx::host
