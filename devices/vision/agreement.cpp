#include "devices/vision/agreement.h"

#include <algorithm>
#include <cmath>
#include <tuple>

#include "base/error.h"

namespace vnpu::vision {
namespace {

constexpr std::size_t most_pairs = std::size_t{1} << 22;

}  // namespace

double intersection_over_union(const Object& a, const Object& b) {
  const auto side = [](int at, int size, int other, int other_size) {
    const auto end = std::min(std::int64_t{at} + size, std::int64_t{other} + other_size);
    return static_cast<double>(std::max<std::int64_t>(end - std::max(at, other), 0));
  };
  const auto area = [](const Object& o) {
    return static_cast<double>(std::max(o.w, 0)) * static_cast<double>(std::max(o.h, 0));
  };
  const double both = side(a.x, a.w, b.x, b.w) * side(a.y, a.h, b.y, b.h);
  const double all = area(a) + area(b) - both;
  if (all > 0) return both / all;
  return std::tie(a.x, a.y, a.w, a.h) == std::tie(b.x, b.y, b.w, b.h) ? 1 : 0;
}

BoxMatching match_boxes(const std::vector<Object>& reference, const std::vector<Object>& other, double least_iou) {
  std::vector<MatchedBoxes> pairs;
  for (std::size_t i = 0; i < reference.size(); ++i) {
    for (std::size_t k = 0; k < other.size(); ++k) {
      if (reference[i].label != other[k].label) continue;
      const double iou = intersection_over_union(reference[i], other[k]);
      if (iou > 0 && iou >= least_iou) {
        if (pairs.size() == most_pairs)
          throw Error(ErrorKind::unsupported, "too many overlapping boxes to match: ask for a higher confidence");
        pairs.push_back({i, k, iou, static_cast<double>(other[k].score) - static_cast<double>(reference[i].score)});
      }
    }
  }
  std::ranges::stable_sort(pairs, std::ranges::greater{}, &MatchedBoxes::iou);
  std::vector<bool> taken(reference.size()), other_taken(other.size());
  BoxMatching out;
  for (const auto& pair : pairs) {
    if (taken[pair.reference] || other_taken[pair.other]) continue;
    taken[pair.reference] = other_taken[pair.other] = true;
    out.matched.push_back(pair);
  }
  std::ranges::sort(out.matched, {}, &MatchedBoxes::reference);
  for (std::size_t i = 0; i < taken.size(); ++i) {
    if (!taken[i]) out.lost.push_back(i);
  }
  for (std::size_t k = 0; k < other_taken.size(); ++k) {
    if (!other_taken[k]) out.extra.push_back(k);
  }
  return out;
}

void Agreement::add(const std::vector<Object>& reference, const std::vector<Object>& other,
                    const BoxMatching& matching) {
  for (const auto& box : reference) ++total_.reference, ++classes_[box.label].reference;
  for (const auto& box : other) ++total_.other, ++classes_[box.label].other;
  for (const auto& match : matching.matched) {
    for (Counts* counts : {&total_, &classes_[reference[match.reference].label]}) {
      const double difference = std::abs(match.score_difference);
      ++counts->matched;
      counts->iou_sum += match.iou;
      counts->least_iou = std::min(counts->least_iou, match.iou);
      counts->difference_sum += difference;
      counts->largest_difference = std::max(counts->largest_difference, difference);
    }
  }
}

}  // namespace vnpu::vision
