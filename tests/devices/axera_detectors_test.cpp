// Boxes and hands from hand-made heads, by the arithmetic of the AXera-Pi's samples.
#include "devices/axera/detectors.h"

#include <gtest/gtest.h>

#include <cmath>

#include "base/error.h"

namespace vnpu::axera {
namespace {

float logit(float p) { return std::log(p / (1 - p)); }

TEST(AxeraDetectors, BoxesComeBackFromTheLetterbox) {
  // One cell of the coarsest grid, one anchor: centre (112, 80) of 224x160, twice the anchor's half size.
  DetectorForm form{HeadForm::yolo_v5, 0.35F, 0.45F, 2, {}};
  const std::vector<float> anchors(18, 40);
  form.anchors = anchors;
  std::vector<DetectorOutput> outputs;
  for (const int stride : {8, 16, 32}) {
    const std::size_t cells = static_cast<std::size_t>(160 / stride) * static_cast<std::size_t>(224 / stride);
    outputs.push_back({"o", {1, 160 / stride, 224 / stride, 21}, std::vector<float>(cells * 21, -20)});
  }
  auto& values = outputs[2].values;
  const std::size_t at = ((2 * 7 + 3) * 3 + 1) * 7;  // row 2, column 3, anchor 1
  const float row[] = {0, 0, 0, 0, logit(0.9F), -20, logit(0.8F)};
  std::copy(std::begin(row), std::end(row), values.begin() + static_cast<std::ptrdiff_t>(at));
  // A picture of 448x200 becomes 224x100: 30 rows of border above.
  const auto found = detect(form, outputs, {160, 224, 200, 448});
  ASSERT_EQ(found.size(), 1u);
  EXPECT_EQ(found[0].label, 1);
  EXPECT_NEAR(found[0].score, 0.72, 1e-4);
  EXPECT_NEAR(found[0].x, (112 - 20) * 2, 1e-3);
  EXPECT_NEAR(found[0].y, (80 - 20 - 30) * 2, 1e-3);
  EXPECT_NEAR(found[0].w, 80, 1e-3);
  EXPECT_NEAR(found[0].h, 80, 1e-3);
}

TEST(AxeraDetectors, SuppressionLooksAtAllClasses) {
  DetectorForm form{HeadForm::scrfd, 0.5F, 0.45F, 1, {}};
  std::vector<DetectorOutput> outputs;
  for (const int stride : {8, 16, 32}) {
    const std::size_t cells = static_cast<std::size_t>(64 / stride) * static_cast<std::size_t>(64 / stride);
    outputs.push_back({"score_" + std::to_string(stride), {}, std::vector<float>(cells * 2, -9)});
    outputs.push_back({"bbox_" + std::to_string(stride), {}, std::vector<float>(cells * 8, 1)});
  }
  outputs[0].values[3 * 8 + 4] = logit(0.7F);       // centre (32, 24), 8 pixels to each side
  outputs[2].values[1 * 4 + 2] = logit(0.6F);       // (32, 16) of the next grid, 16 to each side: overlaps 0.26
  outputs[0].values[64 + 3 * 8 + 4] = logit(0.8F);  // the other anchor of the first: the same box
  const auto found = detect(form, outputs, {64, 64, 64, 64});
  ASSERT_EQ(found.size(), 2u);
  EXPECT_NEAR(found[0].score, 0.8, 1e-4);
  EXPECT_NEAR(found[0].x, 24, 1e-4);
  EXPECT_NEAR(found[0].w, 17, 1e-4);  // a pixel more than its corners say
  EXPECT_NEAR(found[1].score, 0.6, 1e-4);
}

TEST(AxeraDetectors, DistancesAreMeansOfDistributions) {
  const DetectorForm v8{HeadForm::yolo_v8, 0.3F, 0.65F, 2, {}};
  std::vector<DetectorOutput> outputs(9);
  for (std::size_t i = 0; i < 3; ++i) {
    const std::size_t side = std::size_t{8} >> i, cells = side * side;
    outputs[i].values.assign(cells * 64, 0);
    outputs[i + 3].values.assign(cells * 2, -9);
    outputs[i + 6].values.assign(cells, 0);
  }
  // Row 3, column 4 at stride 8, class 1; distances 1, 2, 3 and the mean of all 16 positions.
  const std::size_t cell = 3 * 8 + 4;
  outputs[3].values[cell * 2 + 1] = logit(0.9F);
  outputs[6].values[cell] = 1;
  for (std::size_t k = 0; k < 3; ++k) outputs[0].values[cell * 64 + k * 16 + k + 1] = 60;
  const auto found = detect(v8, outputs, {64, 64, 64, 64});
  ASSERT_EQ(found.size(), 1u);
  EXPECT_EQ(found[0].label, 1);
  EXPECT_NEAR(found[0].x, 36 - 8, 1e-3);
  EXPECT_NEAR(found[0].y, 28 - 16, 1e-3);
  EXPECT_NEAR(found[0].x + found[0].w, 36 + 24, 1e-3);
  EXPECT_NEAR(found[0].y + found[0].h, 63, 1e-3);  // 28 + 60, cut to the input
  outputs[6].values[cell] = 2;
  EXPECT_THROW(detect(v8, outputs, {64, 64, 64, 64}), Error);
  outputs[6].values[cell] = std::nanf("");
  EXPECT_THROW(detect(v8, outputs, {64, 64, 64, 64}), Error);
}

TEST(AxeraDetectors, FastestBoxesArePartsOfThePicture) {
  const std::vector<float> anchors{7, 17, 20, 50, 45, 99, 64, 187, 123, 211, 227, 264};
  const DetectorForm form{HeadForm::yolo_fastest, 0.48F, 0.45F, 1, anchors};
  std::vector<DetectorOutput> outputs{{"a", {1, 10, 10, 18}, std::vector<float>(1800, -9)},
                                      {"b", {1, 20, 20, 18}, std::vector<float>(7200, -9)}};
  const std::size_t at = ((5 * 20 + 8) * 3 + 2) * 6;
  const float row[] = {0, 0, 0, std::log(2.0F), logit(0.9F), logit(0.9F)};
  std::copy(std::begin(row), std::end(row), outputs[1].values.begin() + static_cast<std::ptrdiff_t>(at));
  const auto found = detect(form, outputs, {320, 320, 100, 400});
  ASSERT_EQ(found.size(), 1u);
  EXPECT_NEAR(found[0].score, 0.81, 1e-4);
  EXPECT_NEAR(found[0].x + found[0].w / 2, 400 * 8.5 / 20, 1e-2);
  EXPECT_NEAR(found[0].y + found[0].h / 2, 100 * 5.5 / 20, 1e-2);
  EXPECT_NEAR(found[0].w, 400 * 45.0 / 320, 1e-2);
  EXPECT_NEAR(found[0].h, 100 * 198.0 / 320, 1e-2);
  outputs[0].shape = {1, std::int64_t{1} << 61, 8, 18};
  EXPECT_THROW(detect(form, outputs, {320, 320, 100, 400}), Error);
  outputs[0].shape = {1, 10, -10, 18};
  EXPECT_THROW(detect(form, outputs, {320, 320, 100, 400}), Error);
}

TEST(AxeraDetectors, HandsAreTurnedSquaresBeforeTheirPalms) {
  const DetectorForm form{HeadForm::palm, 0.45F, 0.45F, 1, {}};
  std::vector<DetectorOutput> outputs{{"boxes", {1, 2016, 18}, std::vector<float>(2016 * 18)},
                                      {"scores", {1, 2016, 1}, std::vector<float>(2016, -9)}};
  // Row 6, column 3 of the coarse grid: middle (3.5, 6.5) * 16 = (56, 104); a palm 20 wide and 10 high.
  const std::size_t at = 24 * 24 * 2 + (6 * 12 + 3) * 6 + 4;
  outputs[1].values[at] = logit(0.9F);
  float* row = &outputs[0].values[at * 18];
  row[2] = 20, row[3] = 10;
  row[5] = 5;   // wrist, 5 below
  row[9] = -5;  // finger, 5 above: the hand points up
  auto found = detect_palms(form, outputs, {192, 192, 192, 384});
  ASSERT_EQ(found.size(), 1u);
  // The picture was halved, with 48 rows of border above it. Half a side is 26, the centre 5 above the palm's.
  EXPECT_NEAR(found[0].corners[0].x, (56 - 26) * 2, 1e-3);
  EXPECT_NEAR(found[0].corners[0].y, (104 - 5 - 26 - 48) * 2, 1e-3);
  EXPECT_NEAR(found[0].corners[2].x, (56 + 26) * 2, 1e-3);
  EXPECT_NEAR(found[0].corners[2].y, (104 - 5 + 26 - 48) * 2, 1e-3);
  EXPECT_NEAR(found[0].points[0].y, (104 + 5 - 48) * 2, 1e-3);
  row[5] = row[9] = 0;
  row[4] = -5, row[8] = 5;  // the hand points to the right: the square is moved there
  found = detect_palms(form, outputs, {192, 192, 192, 384});
  ASSERT_EQ(found.size(), 1u);
  EXPECT_NEAR((found[0].corners[0].x + found[0].corners[2].x) / 2, (56 + 5) * 2, 1e-3);
  EXPECT_NEAR((found[0].corners[0].y + found[0].corners[2].y) / 2, (104 - 48) * 2, 1e-3);
  outputs[1].values.pop_back();
  EXPECT_THROW(detect_palms(form, outputs, {192, 192, 192, 384}), Error);
}

}  // namespace
}  // namespace vnpu::axera
