// Turned pictures: all orientations as OpenCV's imread shows them, and hostile notes.
#include "base/exif.h"

#include <gtest/gtest.h>

namespace vnpu {
namespace {

Bytes with_exif(const std::string& tiff) {
  const Bytes plain = encode_jpeg({8, 8, 3, Bytes(192)});
  const std::size_t size = tiff.size() + 8;
  const std::string file = std::string("\xff\xd8\xff\xe1") + static_cast<char>(size >> 8) + static_cast<char>(size) +
                           std::string("Exif\0\0", 6) + tiff + std::string(plain.begin() + 2, plain.end());
  return Bytes(file.begin(), file.end());
}

std::string little(char orientation) {
  return std::string("II*\0\x08\0\0\0\x02\0", 10) + std::string("\x0f\x01\x02\0\x01\0\0\0A\0\0\0", 12) +
         std::string("\x12\x01\x03\0\x01\0\0\0", 8) + orientation + std::string("\0\0\0\0\0\0\0", 7);
}

TEST(Exif, OrientationOfBothByteOrders) {
  for (char o = 1; o <= 8; ++o) EXPECT_EQ(exif_orientation(with_exif(little(o))), o);
  const std::string big = std::string("MM\0*\0\0\0\x08\0\x01\x01\x12\0\x03\0\0\0\x01\0\x06\0\0\0\0\0\0", 26);
  EXPECT_EQ(exif_orientation(with_exif(big)), 6);
}

TEST(Exif, UnreadableNotesAreUpright) {
  EXPECT_EQ(exif_orientation(Bytes{}), 1);
  EXPECT_EQ(exif_orientation(encode_jpeg({8, 8, 3, Bytes(192)})), 1);
  EXPECT_EQ(exif_orientation(with_exif(little(0))), 1);
  EXPECT_EQ(exif_orientation(with_exif(little(9))), 1);
  const Bytes whole = with_exif(little(6));
  for (std::size_t size = 0; size < 42; ++size) {
    const Bytes cut(whole.begin(), whole.begin() + static_cast<std::ptrdiff_t>(size));
    EXPECT_EQ(exif_orientation(cut), 1) << size;
  }
  std::string far = little(6);
  far[4] = far[5] = far[6] = far[7] = '\xff';
  EXPECT_EQ(exif_orientation(with_exif(far)), 1);
  std::string many = little(6);
  many[8] = many[9] = '\xff';
  many[22] = '\x13';  // another tag
  EXPECT_EQ(exif_orientation(with_exif(many)), 1);
}

TEST(Exif, Upright) {
  const Image image{2, 3, 1, {0, 1, 2, 3, 4, 5}};
  const Bytes wanted[] = {{0, 1, 2, 3, 4, 5}, {2, 1, 0, 5, 4, 3}, {5, 4, 3, 2, 1, 0}, {3, 4, 5, 0, 1, 2},
                          {0, 3, 1, 4, 2, 5}, {3, 0, 4, 1, 5, 2}, {5, 2, 4, 1, 3, 0}, {2, 5, 1, 4, 0, 3}};
  for (int o = 1; o <= 8; ++o) {
    const Image turned = upright(image, o);
    EXPECT_EQ(turned.height, o < 5 ? 2 : 3) << o;
    EXPECT_EQ(turned.width, o < 5 ? 3 : 2) << o;
    EXPECT_EQ(turned.pixels, wanted[o - 1]) << o;
  }
}

}  // namespace
}  // namespace vnpu
