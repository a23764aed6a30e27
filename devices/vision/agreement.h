// Two lists of boxes laid on each other: which are the same object, and how well they agree. docs/detect.md.
#pragma once

#include <cstddef>
#include <map>
#include <vector>

#include "devices/vision/yolo.h"

namespace vnpu::vision {

// Of whole pixels, 0 to 1; boxes without area: 1 when they are the same, else 0.
double intersection_over_union(const Object& a, const Object& b);

struct MatchedBoxes {
  std::size_t reference = 0, other = 0;  // indices into the lists
  double iou = 0;
  double score_difference = 0;  // other's minus the reference's
};

struct BoxMatching {
  std::vector<MatchedBoxes> matched;     // in the order of the reference
  std::vector<std::size_t> lost, extra;  // only in the reference, only in the other; ascending
};

// Boxes of one class that overlap by `least_iou` (over 0) or more are matched, the best overlap first (of equal ones
// the earlier in the reference, then in the other); each box once. Throws Error(unsupported) for more than 2^22 pairs.
BoxMatching match_boxes(const std::vector<Object>& reference, const std::vector<Object>& other, double least_iou);

// Sums over pictures.
class Agreement {
 public:
  void add(const std::vector<Object>& reference, const std::vector<Object>& other, const BoxMatching& matching);

  struct Counts {
    std::size_t reference = 0, other = 0, matched = 0;
    double iou_sum = 0, least_iou = 1, difference_sum = 0, largest_difference = 0;  // differences without their sign

    std::size_t lost() const { return reference - matched; }
    std::size_t extra() const { return other - matched; }
    // Of no boxes nothing is missed and nothing wrong: 1.
    double recall() const { return part(matched, reference); }
    double precision() const { return part(matched, other); }
    double f1() const { return part(2 * matched, reference + other); }
    // Of matched boxes; meaningless when there are none.
    double mean_iou() const { return iou_sum / static_cast<double>(matched); }
    double mean_difference() const { return difference_sum / static_cast<double>(matched); }

   private:
    static double part(std::size_t some, std::size_t all) {
      return all == 0 ? 1 : static_cast<double>(some) / static_cast<double>(all);
    }
  };

  const Counts& total() const { return total_; }
  const std::map<int, Counts>& classes() const { return classes_; }  // by label

 private:
  Counts total_;
  std::map<int, Counts> classes_;
};

}  // namespace vnpu::vision
