// A detector's input from a picture, and vnpu detect's arithmetic end to end on the recorded detector when it is there.
#include <gtest/gtest.h>

#include <cmath>
#include <cstring>
#include <filesystem>

#include "base/error.h"
#include "base/npz.h"
#include "devices/vision/picture_input.h"

namespace vnpu::vision {
namespace {

TensorInfo input_of(DType dtype, const Shape& shape, double qscale = 1) {
  TensorInfo info;
  info.name = "x";
  info.dtype = dtype;
  info.shape = info.image.shape = shape;
  info.qscale = qscale;
  info.byte_size = element_count(shape) * size_of(dtype);
  return info;
}

const Image two_pixels{1, 2, 3, {10, 20, 30, 40, 50, 255}};
// Wider than 4, so that it is not taken for the channels.
const Image five_pixels{1, 5, 3, {10, 20, 30, 40, 50, 255, 0, 0, 0, 0, 0, 0, 0, 0, 0}};

// The first two columns of the three planes.
Bytes corner(const TensorInfo& input, bool bgr, const std::vector<float>& mean, const std::vector<float>& scale) {
  const Bytes all = picture_input(five_pixels, input, bgr, mean, scale);
  return {all[0], all[1], all[5], all[6], all[10], all[11]};
}

TEST(PictureInput, Int8IsRoundedToEvenAndSaturated) {
  const auto input = input_of(DType::i8, {1, 3, 1, 5}, 127);
  // (p - 0) * (0.00390625 * 127): 10 -> 4.96, 40 -> 19.84, 20 -> 9.92, 50 -> 24.8, 30 -> 14.88, 255 -> 126.504
  EXPECT_EQ(corner(input, false, {0}, {0.00390625f}), (Bytes{5, 20, 10, 25, 15, 127}));
  EXPECT_EQ(corner(input, true, {0}, {0.00390625f}), (Bytes{15, 127, 10, 25, 5, 20}));
  // 10 -> 2.5 -> 2, 30 -> 7.5 -> 8, 50 -> 12.5 -> 12
  EXPECT_EQ(corner(input_of(DType::i8, {1, 3, 1, 5}, 0.25), false, {0}, {1}), (Bytes{2, 10, 5, 12, 8, 64}));
  EXPECT_EQ(corner(input, false, {0}, {1}), (Bytes{127, 127, 127, 127, 127, 127}));
  EXPECT_EQ(corner(input, false, {10, 20, 300}, {1, 1, 1}), (Bytes{0, 127, 0, 127, 0x80, 0x80}));
}

TEST(PictureInput, FloatAndPacked) {
  const Bytes bytes = picture_input(two_pixels, input_of(DType::f32, {1, 1, 2, 3}), false, {1}, {2});
  float values[6];
  ASSERT_EQ(bytes.size(), sizeof values);
  std::memcpy(values, bytes.data(), sizeof values);
  EXPECT_EQ(std::vector<float>(values, values + 6), (std::vector<float>{18, 38, 58, 78, 98, 508}));
}

TEST(PictureInput, RefusesWhatIsNoPicture) {
  EXPECT_THROW(picture_size(input_of(DType::i8, {1, 1, 32, 32})), Error);
  EXPECT_THROW(picture_size(input_of(DType::i8, {2, 3, 32, 32})), Error);
  EXPECT_THROW(picture_input(five_pixels, input_of(DType::i8, {1, 3, 1, 5}), false, {}, {}), Error);
  EXPECT_THROW(picture_input(five_pixels, input_of(DType::i16, {1, 3, 1, 5}), false, {0}, {1}), Error);
}

}  // namespace
}  // namespace vnpu::vision
