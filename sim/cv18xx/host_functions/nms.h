// Box arithmetic shared by the detection functions. Everything is fp32, one rounding an operation.
#pragma once

#include <algorithm>
#include <cstdint>

namespace vnpu::cv18xx::host {

struct Box {
  float x1 = 0, y1 = 0, x2 = 0, y2 = 0;
};

// Pairs of boxes a suppression may compare; more are refused.
constexpr std::int64_t pair_limit = std::int64_t{1} << 30;

// Corners from centre and size, computed in double: (float)(centre -/+ 0.5 * size).
inline Box box_around(float cx, float cy, double w, double h) {
  return {static_cast<float>(static_cast<double>(cx) - 0.5 * w), static_cast<float>(static_cast<double>(cy) - 0.5 * h),
          static_cast<float>(static_cast<double>(cx) + 0.5 * w), static_cast<float>(static_cast<double>(cy) + 0.5 * h)};
}

inline float area_plus_one(const Box& b) { return (b.x2 - b.x1 + 1.0f) * (b.y2 - b.y1 + 1.0f); }

// Intersection with `grow` added to both sides; 0 when a side is not positive.
inline float intersection(const Box& a, const Box& b, float grow) {
  const float w = std::min(a.x2, b.x2) - std::max(a.x1, b.x1) + grow;
  const float h = std::min(a.y2, b.y2) - std::max(a.y1, b.y1) + grow;
  return w > 0 && h > 0 ? w * h : 0.0f;
}

// The vendor's overlap of proposal and frcn_detection counts one pixel more in the areas than in the intersection.
inline float overlap(const Box& a, const Box& b, bool intersection_without_one) {
  const float inter = intersection(a, b, intersection_without_one ? 0.0f : 1.0f);
  return inter / (area_plus_one(a) + area_plus_one(b) - inter);
}

}  // namespace vnpu::cv18xx::host
