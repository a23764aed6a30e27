// What users have to the bytes of an input: numbers, quantisation at the boundary, pictures in every pixel format.
#include "sim/runtime/input.h"

#include <gtest/gtest.h>

#include <cmath>
#include <cstring>
#include <limits>
#include <set>

#include "base/archive.h"
#include "base/error.h"
#include "sim/runtime/registry.h"

namespace vnpu {
namespace {

Tensor floats(const std::vector<float>& values) {
  Tensor tensor{DType::f32, {static_cast<std::int64_t>(values.size())}, Bytes(values.size() * 4)};
  std::memcpy(tensor.bytes.data(), values.data(), tensor.bytes.size());
  return tensor;
}

TensorInfo input(DType dtype, std::int64_t count, double qscale = 0, int zero_point = 0) {
  TensorInfo info;
  info.name = "x";
  info.dtype = dtype;
  info.shape = {1, 1, 1, count};
  info.qscale = qscale;
  info.zero_point = zero_point;
  info.byte_size = static_cast<std::uint64_t>(count) * size_of(dtype);
  return info;
}

std::vector<int> as_ints(const Bytes& bytes, bool is_signed) {
  std::vector<int> out;
  for (const auto b : bytes) out.push_back(is_signed ? static_cast<std::int8_t>(b) : b);
  return out;
}

TEST(Input, QuantisesHalfAwayFromZeroAndClamps) {
  const auto x = floats({0.5f, -0.5f, 1.25f, -1.25f, 0.49f, 1000, -1000, std::nanf("")});
  EXPECT_EQ(as_ints(to_input_bytes(x, input(DType::i8, 8, 2)), true),
            (std::vector<int>{1, -1, 3, -3, 1, 127, -128, 0}));
  EXPECT_EQ(
      as_ints(to_input_bytes(x, input(DType::u8, 8, 2, 10)), false),
      (std::vector<int>{11, 9, 13, 8, 11, 255, 0, 0}));  // -2.5 + 10 = 7.5: the zero point is inside of the rounding
  // No scale: the number itself.
  EXPECT_EQ(as_ints(to_input_bytes(floats({2.5f, -2.5f}), input(DType::i8, 2)), true), (std::vector<int>{3, -3}));
}

// Recorded from the converter package's runner (its lowering of float32 arrays to i8).
TEST(Input, ZeroPointsAreRoundedAsTheRunnerDoes) {
  const auto x =
      floats({0.4f, -0.4f, -1.2f, 1.25f, -1.25f, -0.25f, 0.49999997f, -0.01f, 0.3333333f, -0.7777777f, 0.0125f, 2.9f});
  const auto stored = [&](double scale, int zero_point) {
    return as_ints(to_input_bytes(x, input(DType::i8, 12, scale, zero_point)), true);
  };
  EXPECT_EQ(stored(2, 10), (std::vector<int>{11, 9, 8, 13, 8, 10, 11, 10, 11, 8, 10, 16}));
  EXPECT_EQ(stored(2, -3), (std::vector<int>{-2, -4, -5, -1, -6, -4, -2, -3, -2, -5, -3, 3}));
  EXPECT_EQ(stored(43.5965, 2), (std::vector<int>{19, -15, -50, 56, -52, -9, 24, 2, 17, -32, 3, 127}));
  EXPECT_EQ(stored(1, 0), (std::vector<int>{0, 0, -1, 1, -1, 0, 1, 0, 0, -1, 0, 3}));
  EXPECT_EQ(stored(0.73, -71), (std::vector<int>{-71, -71, -72, -70, -72, -71, -71, -71, -71, -72, -71, -69}));
}

TEST(Input, RoundsToNearestHalf) {
  const auto bytes =
      to_input_bytes(floats({1.0f, 1.00048828125f, 1.0014648f, -65520, 1e-8f, 6e-8f}), input(DType::f16, 6));
  std::vector<std::uint16_t> bits(6);
  std::memcpy(bits.data(), bytes.data(), 12);
  EXPECT_EQ(bits, (std::vector<std::uint16_t>{0x3C00, 0x3C00, 0x3C02, 0xFC00, 0, 1}));
}

TEST(Input, TruncatesToBf16) {
  const float just_below = std::nextafterf(1.0f, 0.0f);  // 0x3F7FFFFF
  const auto bytes =
      to_input_bytes(floats({1.0f, just_below, -2.0f, std::numeric_limits<float>::infinity()}), input(DType::bf16, 4));
  std::vector<std::uint16_t> bits(4);
  std::memcpy(bits.data(), bytes.data(), 8);
  EXPECT_EQ(bits, (std::vector<std::uint16_t>{0x3F80, 0x3F7F, 0xC000, 0x7F7F}));
}

TEST(Input, TakesStoredBytesAsTheyAre) {
  const Tensor bits{DType::u16, {2}, {1, 2, 3, 4}};
  EXPECT_EQ(to_input_bytes(bits, input(DType::bf16, 2)), bits.bytes);
  const Tensor integers{DType::i8, {3}, {1, 0xFF, 7}};
  EXPECT_EQ(to_input_bytes(integers, input(DType::i8, 3, 50)), integers.bytes);  // already quantised
}

TEST(Input, RefusesAnotherCount) {
  try {
    to_input_bytes(floats({1, 2, 3}), input(DType::i8, 4, 2));
    FAIL();
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::usage);
    EXPECT_NE(std::string(error.what()).find("4 elements"), std::string::npos);
  }
}

TEST(Input, NormalisesPicturesOfModelsThatAreNotFused) {
  TensorInfo info = input(DType::f32, 12);
  info.shape = info.image.shape = {1, 3, 2, 2};
  Image image{2, 2, 3, {10, 20, 30, 11, 21, 31, 12, 22, 32, 13, 23, 33}};
  ImagePreprocess preprocess;
  EXPECT_THROW(to_input_bytes(image, info, preprocess), Error);  // nobody says how
  preprocess.mean = {10, 20, 30};
  preprocess.scale = {0.5f};
  const auto bytes = to_input_bytes(image, info, preprocess);
  std::vector<float> x(12);
  std::memcpy(x.data(), bytes.data(), 48);
  EXPECT_EQ(x, (std::vector<float>{0, .5f, 1, 1.5f, 0, .5f, 1, 1.5f, 0, .5f, 1, 1.5f}));
  preprocess.channel_order = "bgr";  // planes B, G, R; the means go by plane
  preprocess.mean = {30, 20, 10};
  std::memcpy(x.data(), to_input_bytes(image, info, preprocess).data(), 48);
  EXPECT_EQ(x, (std::vector<float>{0, .5f, 1, 1.5f, 0, .5f, 1, 1.5f, 0, .5f, 1, 1.5f}));
}

TEST(Input, ArgumentsNameAnInputOrAFile) {
  EXPECT_EQ(parse_input_argument("x=a.npz").name, "x");
  EXPECT_EQ(parse_input_argument("x=a.npz").file, "a.npz");
  EXPECT_EQ(parse_input_argument("a.npz").name, "");
}

// Every fused model of the golden cases takes a picture: of each pixel format, aligned and not.
TEST(Input, EveryFusedModelTakesAPicture) {
  Image picture{48, 64, 3, Bytes(48 * 64 * 3)};
  for (std::size_t i = 0; i < picture.pixels.size(); ++i) picture.pixels[i] = static_cast<std::uint8_t>(i * 37 >> 3);
  std::set<std::string> seen;
  const Bytes archive = read_file(VNPU_SOURCE_DIR "/tests/golden/cv18xx/preproc.tar.xz");
  for_each_entry(archive, ArchiveFormat::tar, {}, [&](const std::string& name, const Bytes& bytes) {
    if (!name.ends_with("model.cvimodel")) return;
    const auto network = open_model(ByteView(bytes))->instantiate({});
    const auto info = network->inputs().at(0);
    ASSERT_FALSE(info.image.pixel_format.empty()) << name;
    const Bytes pixels = to_input_bytes(picture, info, {});
    EXPECT_EQ(pixels.size(), info.byte_size) << name;
    network->set_input(info.name, pixels);
    network->run();
    seen.insert(info.image.pixel_format + (info.image.aligned ? " aligned" : ""));
  });
  for (const char* format : {"RGB_PLANAR", "BGR_PLANAR", "RGB_PACKED", "BGR_PACKED", "GRAYSCALE",
                             "YUV420_PLANAR aligned", "YUV_NV12 aligned", "YUV_NV21 aligned", "BGR_PACKED aligned"}) {
    EXPECT_TRUE(seen.contains(format)) << format;
  }
}

}  // namespace
}  // namespace vnpu
