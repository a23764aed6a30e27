// Boxes laid on boxes: overlap, matching and sums worked out by hand; the picture of it.
#include "devices/vision/agreement.h"

#include <gtest/gtest.h>

#include <random>

#include "base/error.h"
#include "devices/vision/side_by_side.h"

namespace vnpu::vision {
namespace {

TEST(Agreement, OverlapOfBoxes) {
  const Object box{10, 10, 20, 10, 0, 1};
  EXPECT_EQ(intersection_over_union(box, box), 1);
  EXPECT_EQ(intersection_over_union(box, {20, 10, 20, 10, 0, 1}), 100.0 / 300);
  EXPECT_EQ(intersection_over_union(box, {15, 12, 10, 5, 0, 1}), 50.0 / 200);  // inside
  EXPECT_EQ(intersection_over_union(box, {30, 10, 5, 5, 0, 1}), 0);            // side by side
  EXPECT_EQ(intersection_over_union(box, {100, 100, 5, 5, 0, 1}), 0);
  // Without area; far outside.
  EXPECT_EQ(intersection_over_union({5, 5, 0, 3, 0, 1}, {5, 5, 0, 3, 0, 1}), 1);
  EXPECT_EQ(intersection_over_union({5, 5, 0, 3, 0, 1}, {5, 6, 0, 3, 0, 1}), 0);
  EXPECT_EQ(intersection_over_union(box, {12, 12, -4, 3, 0, 1}), 0);
  const Object huge{-(1 << 28), -(1 << 28), 1 << 30, 1 << 30, 0, 1};
  EXPECT_EQ(intersection_over_union(huge, huge), 1);
}

// Three boxes of class 0 in a row and one of class 1 against a shifted list.
TEST(Agreement, BestOverlapFirst) {
  const std::vector<Object> reference{{0, 0, 10, 10, 0, 0.9f}, {8, 0, 10, 10, 0, 0.8f}, {50, 50, 10, 10, 1, 0.75f}};
  // The first overlaps reference 0 by 6/14 and reference 1 by 8/12... taken by the latter, though it comes second.
  const std::vector<Object> other{{6, 0, 10, 10, 0, 0.7f}, {1, 0, 10, 10, 0, 0.5f}, {50, 50, 10, 10, 2, 0.75f}};
  const auto matching = match_boxes(reference, other, 0.25);
  ASSERT_EQ(matching.matched.size(), 2u);
  EXPECT_EQ(matching.matched[0].reference, 0u);
  EXPECT_EQ(matching.matched[0].other, 1u);
  EXPECT_EQ(matching.matched[0].iou, 90.0 / 110);
  EXPECT_FLOAT_EQ(static_cast<float>(matching.matched[0].score_difference), -0.4f);
  EXPECT_EQ(matching.matched[1].reference, 1u);
  EXPECT_EQ(matching.matched[1].other, 0u);
  EXPECT_EQ(matching.matched[1].iou, 80.0 / 120);
  EXPECT_EQ(matching.lost, std::vector<std::size_t>{2});
  EXPECT_EQ(matching.extra, std::vector<std::size_t>{2});  // the same place, another class

  // Exactly at the limit counts; just over it does not.
  EXPECT_EQ(match_boxes(reference, other, 80.0 / 120).matched.size(), 2u);
  EXPECT_EQ(match_boxes(reference, other, 0.67).matched.size(), 1u);
  // Boxes that do not touch never match.
  EXPECT_TRUE(match_boxes({reference[0]}, {{40, 0, 10, 10, 0, 1}}, 0).matched.empty());
}

TEST(Agreement, AGreedyChoiceCanLeaveBoxesAlone) {
  // Other 0 overlaps both; the better of the two takes it, and reference 0 has no second choice.
  const std::vector<Object> reference{{0, 0, 10, 10, 0, 1}, {2, 0, 10, 10, 0, 1}};
  const auto matching = match_boxes(reference, {{2, 0, 10, 10, 0, 1}}, 0.5);
  ASSERT_EQ(matching.matched.size(), 1u);
  EXPECT_EQ(matching.matched[0].reference, 1u);
  EXPECT_EQ(matching.lost, std::vector<std::size_t>{0});
  // Equal overlaps: the earlier of the reference, then of the other.
  const auto tie = match_boxes({{0, 0, 10, 10, 0, 1}, {0, 0, 10, 10, 0, 1}}, {{0, 0, 10, 10, 0, 1}}, 0.5);
  EXPECT_EQ(tie.matched.at(0).reference, 0u);
}

TEST(Agreement, SumsOverPictures) {
  Agreement agreement;
  const std::vector<Object> reference{{0, 0, 10, 10, 0, 0.75f}, {50, 50, 10, 10, 1, 0.5f}};
  const std::vector<Object> shifted{{2, 0, 10, 10, 0, 0.5f}, {80, 0, 10, 10, 0, 0.5f}, {50, 50, 10, 10, 1, 0.625f}};
  agreement.add(reference, shifted, match_boxes(reference, shifted, 0.5));
  agreement.add(reference, {}, match_boxes(reference, {}, 0.5));
  agreement.add({}, {}, match_boxes({}, {}, 0.5));
  const auto& c = agreement.total();
  EXPECT_EQ(c.reference, 4u);
  EXPECT_EQ(c.other, 3u);
  EXPECT_EQ(c.matched, 2u);
  EXPECT_EQ(c.lost(), 2u);
  EXPECT_EQ(c.extra(), 1u);
  EXPECT_EQ(c.recall(), 0.5);
  EXPECT_EQ(c.precision(), 2.0 / 3);
  EXPECT_EQ(c.f1(), 4.0 / 7);
  EXPECT_EQ(c.mean_iou(), (80.0 / 120 + 1) / 2);
  EXPECT_EQ(c.least_iou, 80.0 / 120);
  EXPECT_EQ(c.mean_difference(), (0.25 + 0.125) / 2);
  EXPECT_EQ(c.largest_difference, 0.25);
  const auto& first = agreement.classes().at(0);
  EXPECT_EQ(first.reference, 2u);
  EXPECT_EQ(first.other, 2u);
  EXPECT_EQ(first.recall(), 0.5);
  EXPECT_EQ(agreement.classes().at(1).mean_iou(), 1);
  EXPECT_EQ(Agreement().total().recall(), 1);  // of nothing nothing is lost
}

// However the boxes lie: with itself a list agrees, the counts add up, and no better pair was passed over.
TEST(Agreement, RandomLists) {
  std::mt19937 random(3);
  const auto boxes = [&] {
    std::vector<Object> list(random() % 40);
    for (auto& o : list) {
      o = {int(random() % 60),     int(random() % 60), 5 + int(random() % 30),
           5 + int(random() % 30), int(random() % 3),  static_cast<float>(random() % 1000) / 1000};
    }
    return list;
  };
  for (int round = 0; round < 200; ++round) {
    const auto a = boxes(), b = boxes();
    const auto same = match_boxes(a, a, 0.5);
    EXPECT_TRUE(same.lost.empty() && same.extra.empty());
    for (const auto& match : same.matched) EXPECT_EQ(match.iou, 1);
    const auto ab = match_boxes(a, b, 0.3);
    EXPECT_EQ(ab.matched.size() + ab.lost.size(), a.size());
    EXPECT_EQ(ab.matched.size() + ab.extra.size(), b.size());
    for (const auto& match : ab.matched) {
      EXPECT_EQ(a[match.reference].label, b[match.other].label);
      EXPECT_EQ(match.iou, intersection_over_union(a[match.reference], b[match.other]));
      EXPECT_GE(match.iou, 0.3);
      // Nobody left alone would have been a better match for either.
      for (const auto i : ab.lost) {
        if (a[i].label == b[match.other].label) {
          EXPECT_LE(intersection_over_union(a[i], b[match.other]), match.iou);
        }
      }
      for (const auto k : ab.extra) {
        if (b[k].label == a[match.reference].label) {
          EXPECT_LE(intersection_over_union(a[match.reference], b[k]), match.iou);
        }
      }
    }
    for (const auto i : ab.lost) {
      for (const auto k : ab.extra) EXPECT_TRUE(a[i].label != b[k].label || intersection_over_union(a[i], b[k]) < 0.3);
    }
  }
}

TEST(SideBySide, PanelsAndMarks) {
  const Image picture{60, 80, 3, Bytes(60 * 80 * 3, 200)};
  const Object box{20, 20, 30, 20, 0, 1};
  const auto count = [](const Image& image, std::array<std::uint8_t, 3> colour) {
    std::size_t n = 0;
    for (std::size_t i = 0; i + 2 < image.pixels.size(); i += 3)
      n += std::equal(colour.begin(), colour.end(), image.pixels.begin() + static_cast<std::ptrdiff_t>(i));
    return n;
  };
  const std::array<std::uint8_t, 3> green{64, 192, 87}, orange{253, 126, 20}, blue{51, 154, 240};
  const auto draw = [&](std::vector<MarkedBox> boxes) {
    return side_by_side(picture, {{"a", "1 box", boxes}, {"b", "", {}}});
  };
  const Image none = draw({});
  // Enlarged six times, two panels and their frames.
  EXPECT_EQ(none.width, 14 + 2 * (480 + 14));
  EXPECT_EQ(none.height, 28 + 360 + 14 + 28);
  EXPECT_NEAR(static_cast<double>(count(none, {200, 200, 200})), 2 * 480 * 360, 100);  // some in the texts
  const Image marked = draw({{box, BoxMark::matched, "name 0.50"}});
  EXPECT_GT(count(marked, green), count(none, green) + 2 * 6 * (30 + 20));
  EXPECT_EQ(count(marked, orange), count(none, orange));
  EXPECT_GT(count(draw({{box, BoxMark::lost, ""}}), orange), count(none, orange));
  EXPECT_GT(count(draw({{box, BoxMark::extra, ""}}), blue), count(none, blue));
  const std::size_t whole = count(draw({{box, BoxMark::lost, ""}}), orange) - count(none, orange);
  const std::size_t dashes = count(draw({{box, BoxMark::missing, ""}}), orange) - count(none, orange);
  EXPECT_GT(dashes, whole / 4);
  EXPECT_LT(dashes, whole * 9 / 10);
  EXPECT_EQ(side_by_side(picture, std::vector<BoxPanel>(4)).height, 2 * (28 + 360 + 14) + 28);
  EXPECT_THROW(side_by_side(picture, {}), Error);
  EXPECT_THROW(side_by_side(picture, std::vector<BoxPanel>(17)), Error);
}

TEST(SideBySide, StrangeBoxesAndPictures) {
  std::vector<MarkedBox> boxes;
  for (int i = 0; i < 400; ++i) boxes.push_back({{i % 20, i / 20, 5, 5, 0, 1}, BoxMark::extra, "many of them"});
  boxes.push_back({{-(1 << 28), -(1 << 28), 1 << 29, 1 << 29, 0, 1}, BoxMark::matched, std::string(5000, 'w')});
  boxes.push_back({{1 << 28, 1 << 28, -5, 0, 0, 1}, BoxMark::missing, "\xc3\xa4\n"});
  for (const auto& [width, height] : {std::pair(1, 1), std::pair(3000, 1), std::pair(1, 3000), std::pair(1200, 800)}) {
    const Image picture{height, width, 3, Bytes(static_cast<std::size_t>(3 * width * height))};
    const Image out = side_by_side(picture, {{std::string(300, 'x'), "note", boxes}});
    EXPECT_EQ(out.pixels.size(), static_cast<std::size_t>(out.width) * static_cast<std::size_t>(out.height) * 3);
    EXPECT_LE(out.width, 960 + 28);
    EXPECT_LE(out.height, 1080 + 70);
  }
  const Image gray{10, 10, 1, Bytes(100, 7)};
  EXPECT_EQ(side_by_side(gray, {{"", "", {}}}).channels, 3);
}

}  // namespace
}  // namespace vnpu::vision
