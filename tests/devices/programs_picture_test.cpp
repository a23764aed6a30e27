// Pictures as the board's library decodes and encodes them.
#include <gtest/gtest.h>

#include <cmath>
#include <filesystem>

#include "base/error.h"
#include "base/exif.h"
#include "base/npz.h"
#include "devices/programs/board_jpeg.h"
#include "devices/programs/classifier_input.h"
#include "devices/programs/jpeg_transform.h"
#include "devices/programs/picture.h"
#include "tests/devices/recorded_board.h"

namespace vnpu::programs {
namespace {

Image waves(int height, int width, int channels) {
  Image image{height, width, channels, {}};
  for (int y = 0; y < height; ++y) {
    for (int x = 0; x < width; ++x) {
      for (int c = 0; c < channels; ++c) {
        const double v = 127.5 + 80 * std::sin(0.11 * x + c) + 40 * std::cos(0.23 * y - c);
        image.pixels.push_back(static_cast<std::uint8_t>(std::clamp(v, 0.0, 255.0)));
      }
    }
  }
  return image;
}

double mean_difference(const Image& a, const Image& b) {
  EXPECT_EQ(a.pixels.size(), b.pixels.size());
  double sum = 0;
  for (std::size_t i = 0; i < a.pixels.size(); ++i) sum += std::abs(int{a.pixels[i]} - int{b.pixels[i]});
  return sum / static_cast<double>(a.pixels.size());
}

// Without chroma the board's library and the host's do the same, so this checks the 8 x 8 transform to the byte.
TEST(BoardJpeg, GrayIsEqualToTheHostsLibrary) {
  for (const auto& [height, width] : {std::pair{64, 64}, {37, 53}, {1, 1}, {8, 17}}) {
    const Bytes file = encode_jpeg(waves(height, width, 1), 90);
    const auto board = decode_board_jpeg(ByteView(file));
    const Image host = decode_image(ByteView(file));
    EXPECT_EQ(board.image.pixels, host.pixels) << height << "x" << width;
    EXPECT_EQ(board.warning, "");
  }
}

TEST(BoardJpeg, HalvedChromaComesBackThroughTheLongTransform) {
  const Image image = waves(48, 80, 3);
  const Bytes file = encode_board_jpeg(image);
  EXPECT_LT(mean_difference(decode_board_jpeg(ByteView(file)).image, image), 3.0);
  // The host's library reads the same file, and differs in the chroma it interpolates.
  const Image host = decode_image(ByteView(file));
  EXPECT_LT(mean_difference(host, image), 4.0);
  EXPECT_GT(mean_difference(host, decode_board_jpeg(ByteView(file)).image), 0.0);
}

TEST(BoardJpeg, OddSizesAreFilledFromTheEdge) {
  for (const auto& [height, width] : {std::pair{1, 1}, {17, 33}, {16, 15}}) {
    Image flat{height, width, 3, {}};
    for (int i = 0; i < height * width; ++i) flat.pixels.insert(flat.pixels.end(), {200, 100, 50});
    EXPECT_LT(mean_difference(decode_board_jpeg(ByteView(encode_board_jpeg(flat))).image, flat), 1.5);
  }
}

// Forward, quantised by nothing, and back: the identity within the transform's rounding.
TEST(JpegTransform, ForwardAndBackward) {
  for (const std::size_t side : {std::size_t{8}, std::size_t{16}}) {
    std::uint8_t samples[256], back[256];
    for (std::size_t i = 0; i < side * side; ++i)
      samples[i] = static_cast<std::uint8_t>(128 + 60 * std::sin(0.2 * static_cast<double>(i % side)) +
                                             50 * std::cos(0.15 * static_cast<double>(i / side)));
    std::int32_t forward[64];
    std::int64_t coefficients[64];
    forward_block(samples, side, side, forward);
    for (std::size_t i = 0; i < 64; ++i) coefficients[i] = (forward[i] + 4) >> 3;
    inverse_block(coefficients, side, side, back, side);
    for (std::size_t i = 0; i < side * side; ++i) EXPECT_NEAR(samples[i], back[i], 3) << side << " " << i;
  }
}

TEST(BoardJpeg, CutStreamIsAPictureWithAWarning) {
  Bytes file = encode_board_jpeg(waves(64, 64, 3));
  file.resize(file.size() * 2 / 3);
  const auto picture = decode_board_jpeg(ByteView(file));
  EXPECT_EQ(picture.image.height, 64);
  EXPECT_EQ(picture.warning, "Premature end of JPEG file");
  file.resize(20);
  EXPECT_THROW(decode_board_jpeg(ByteView(file)), Error);
}

TEST(BoardPicture, CropsTheMiddle) {
  const Image image = waves(10, 12, 3);
  const auto middle = centre_crop(image, 3, 5);
  ASSERT_TRUE(middle);
  EXPECT_EQ(middle->pixels[0], image.pixels[(3 * 12 + 3) * 3]);
  EXPECT_FALSE(centre_crop(image, 11, 5));
}

// The classifier on a picture that a camera wrote turned, and on one that is so.
TEST(BoardPicture, IsTurnedUpright) {
  BoardState board = recorded_board(recordings(), "cv180x");
  Bytes jpeg = board.files.at(data + std::string("shape444.jpg"));
  const Image turned = upright(decode_board_jpeg(ByteView(jpeg)).image, 6);
  board.files[data + std::string("turned.png")] = encode_png(turned);
  const std::string note(
      "\xff\xe1\0\x22"
      "Exif\0\0MM\0*\0\0\0\x08\0\x01\x01\x12\0\x03\0\0\0\x01\0\x06\0\0\0\0\0\0",
      36);
  jpeg.insert(jpeg.begin() + 2, note.begin(), note.end());
  board.files[data + std::string("turned.jpg")] = jpeg;
  const auto classified = [&](const std::string& name) {
    return run_program(board,
                       {"./bin/cvi_sample_classifier", models + std::string("shapes_int8.cvimodel"), "./data/" + name,
                        "./data/synset_shapes.txt"},
                       "/home/milkv/cvitek_tpu_sdk/samples", {}, false);
  };
  EXPECT_EQ(classified("turned.jpg").status, 0);
  EXPECT_EQ(classified("turned.jpg").out, classified("turned.png").out);
  EXPECT_NE(classified("turned.jpg").out, classified("shape444.jpg").out);
}

// The tensors that the vendor's programs wrote from the recorded pictures.
TEST(BoardPicture, InputTensorsEqualTheRecordedOnes) {
  const auto folder = recordings();
  const auto tensors = read_npz(folder / "tensors" / "inputs_cv180x.npz");
  const auto picture = [&](const char* name) {
    const Bytes file = read_file(folder / "data" / name);
    const Image image = file[0] == 0xff ? decode_board_jpeg(ByteView(file)).image : decode_image(ByteView(file));
    return resize(image, classifier_side, classifier_side);
  };
  const auto wanted = [&](const std::string& name) { return find(tensors, name)->bytes; };
  for (const std::string name : {"shape.jpg", "shape.png"}) {
    const Image image = picture(name.c_str()), middle = *centre_crop(image, 128, 128);
    EXPECT_TRUE(raw_planes(image, 65536) == wanted(name + "__fused")) << name;
    EXPECT_TRUE(quantised_planes(middle, 63.677021f) == wanted(name + "__int8")) << name;
    const auto planes = normalised_planes(middle);
    const auto* bytes = reinterpret_cast<const std::uint8_t*>(planes.data());
    EXPECT_TRUE(Bytes(bytes, bytes + planes.size() * 4) == wanted(name + "__bf16")) << name;
  }
  EXPECT_TRUE(raw_planes(picture("shape256_420.jpg"), 65536) == wanted("shape256_420.jpg__fused"));
}

}  // namespace
}  // namespace vnpu::programs
