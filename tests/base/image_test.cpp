#include "base/image.h"

#include <gtest/gtest.h>

#include <cstdlib>
#include <functional>

#include "base/error.h"

namespace vnpu {
namespace {

// Smooth, so that JPEG keeps it within a few steps.
Image gradient(int height, int width) {
  Image out{height, width, 3, {}};
  for (int y = 0; y < height; ++y) {
    for (int x = 0; x < width; ++x) {
      out.pixels.push_back(static_cast<std::uint8_t>(x * 255 / width));
      out.pixels.push_back(static_cast<std::uint8_t>(y * 255 / height));
      out.pixels.push_back(static_cast<std::uint8_t>(128 + x - y));
    }
  }
  return out;
}

ErrorKind kind_of(const std::function<void()>& call) {
  try {
    call();
  } catch (const Error& error) {
    return error.kind();
  }
  ADD_FAILURE() << "no error";
  return ErrorKind::internal;
}

TEST(Image, PngIsLossless) {
  const auto image = gradient(17, 23);
  const auto back = decode_image(encode_png(image));
  EXPECT_EQ(back.height, 17);
  EXPECT_EQ(back.width, 23);
  EXPECT_EQ(back.pixels, image.pixels);
}

TEST(Image, GrayPngExpands) {
  const auto back = decode_image(encode_png({1, 3, 1, {0, 100, 255}}));
  EXPECT_EQ(back.channels, 3);
  EXPECT_EQ(back.pixels, (Bytes{0, 0, 0, 100, 100, 100, 255, 255, 255}));
}

TEST(Image, JpegKeepsColoursInOrder) {
  const auto image = gradient(40, 48);
  const auto back = decode_image(encode_jpeg(image, 95));
  ASSERT_EQ(back.pixels.size(), image.pixels.size());
  for (std::size_t i = 0; i < image.pixels.size(); ++i) ASSERT_NEAR(back.pixels[i], image.pixels[i], 12) << i;
  EXPECT_EQ(decode_image(encode_jpeg({8, 8, 1, Bytes(64, 200)})).pixels, Bytes(192, 200));
}

TEST(Image, DamageIsFound) {
  for (const auto& good : {encode_png(gradient(20, 20)), encode_jpeg(gradient(20, 20))}) {
    for (std::size_t size = 8; size + 2 < good.size(); size += 7) {
      EXPECT_EQ(kind_of([&] { decode_image(Bytes(good.begin(), good.begin() + static_cast<long>(size))); }),
                ErrorKind::damaged)
          << size;
    }
    EXPECT_EQ(kind_of([&] { decode_image(good, 399); }), ErrorKind::unsupported);
  }
  EXPECT_EQ(kind_of([] { decode_image(Bytes{'G', 'I', 'F', '8', '9', 'a'}); }), ErrorKind::unsupported);
  EXPECT_EQ(kind_of([] { decode_image(Bytes{}); }), ErrorKind::unsupported);
}

TEST(Image, ResizeIsBilinearWithHalfPixelCentres) {
  const Image image{1, 2, 1, {0, 100}};
  EXPECT_EQ(resize(image, 1, 4).pixels, (Bytes{0, 25, 75, 100}));
  EXPECT_EQ(kind_of([&] { resize(image, 0, 4); }), ErrorKind::usage);
}

TEST(Image, LetterboxCentresOnBlack) {
  const Image image{2, 4, 1, Bytes(8, 50)};
  const auto box = letterbox(image, 8, 8);
  EXPECT_EQ(box.scale, 2.0);
  EXPECT_EQ(box.top, 2);
  EXPECT_EQ(box.left, 0);
  for (int y = 0; y < 8; ++y) {
    for (int x = 0; x < 8; ++x) {
      EXPECT_EQ(box.image.pixels[static_cast<std::size_t>(y * 8 + x)], y >= 2 && y < 6 ? 50 : 0) << y << " " << x;
    }
  }
}

TEST(DevicePixels, CompactLayouts) {
  const Image image{1, 2, 3, {1, 2, 3, 4, 5, 6}};
  EXPECT_EQ(to_device_pixels(image, "RGB_PLANAR", false, 1, 2), (Bytes{1, 4, 2, 5, 3, 6}));
  EXPECT_EQ(to_device_pixels(image, "BGR_PLANAR", false, 1, 2), (Bytes{3, 6, 2, 5, 1, 4}));
  EXPECT_EQ(to_device_pixels(image, "RGB_PACKED", false, 1, 2), (Bytes{1, 2, 3, 4, 5, 6}));
  EXPECT_EQ(to_device_pixels(image, "BGR_PACKED", false, 1, 2), (Bytes{3, 2, 1, 6, 5, 4}));
  // 0.299 r + 0.587 g + 0.114 b, rounded
  EXPECT_EQ(to_device_pixels({1, 2, 3, {255, 0, 0, 0, 255, 0}}, "GRAYSCALE", false, 1, 2), (Bytes{76, 150}));
}

// Sizes of the tensors in models that the vendor's converter wrote.
TEST(DevicePixels, AlignedSizes) {
  EXPECT_EQ(to_device_pixels(gradient(20, 18), "RGB_PLANAR", true, 20, 18).size(), 3840U);
  EXPECT_EQ(to_device_pixels(gradient(16, 18), "YUV_NV12", true, 16, 18).size(), 1536U);
  EXPECT_EQ(to_device_pixels(gradient(28, 28), "YUV_NV21", true, 28, 28).size(), 2688U);
  EXPECT_EQ(to_device_pixels(gradient(16, 18), "YUV420_PLANAR", true, 16, 18).size(), 3072U);
  EXPECT_EQ(to_device_pixels(gradient(20, 40), "YUV420_PLANAR", true, 20, 40).size(), 3840U);
  EXPECT_EQ(to_device_pixels(gradient(20, 40), "GRAYSCALE", true, 20, 40).size(), 1280U);
}

TEST(DevicePixels, AlignedRowsAndPlanes) {
  const auto planar = to_device_pixels({2, 1, 3, {1, 2, 3, 4, 5, 6}}, "RGB_PLANAR", true, 2, 1);
  Bytes expected(6 * 64);
  for (std::size_t i = 0; i < 6; ++i) expected[i * 64] = Bytes{1, 4, 2, 5, 3, 6}[i];
  EXPECT_EQ(planar, expected);
  const auto packed = to_device_pixels(gradient(2, 30), "BGR_PACKED", true, 2, 30);
  EXPECT_EQ(packed.size(), 256U);
  EXPECT_EQ(packed[128 + 2], gradient(2, 30).pixels[90]);
}

TEST(DevicePixels, YuvOfPrimaries) {
  const Image red{2, 2, 3, {255, 0, 0, 255, 0, 0, 255, 0, 0, 255, 0, 0}};
  const auto nv12 = to_device_pixels(red, "YUV_NV12", true, 2, 2);
  ASSERT_EQ(nv12.size(), 192U);
  EXPECT_EQ(nv12[0], 81);  // 0.2569 * 255 + 16
  EXPECT_EQ(nv12[65], 81);
  EXPECT_EQ(nv12[128], 90);   // u
  EXPECT_EQ(nv12[129], 240);  // v
  const auto nv21 = to_device_pixels(red, "YUV_NV21", true, 2, 2);
  EXPECT_EQ(nv21[128], 240);
  const auto i420 = to_device_pixels(red, "YUV420_PLANAR", true, 2, 2);
  ASSERT_EQ(i420.size(), 384U);
  EXPECT_EQ(i420[128], 81);
  EXPECT_EQ(i420[256], 90);
  EXPECT_EQ(i420[320], 240);
  EXPECT_EQ(kind_of([&] { to_device_pixels(gradient(3, 2), "YUV_NV12", true, 3, 2); }), ErrorKind::usage);
  EXPECT_EQ(kind_of([&] { to_device_pixels(red, "RAW", true, 2, 2); }), ErrorKind::usage);
  EXPECT_EQ(kind_of([&] { to_device_pixels(red, "YUV_NV12", true, 4, 2); }), ErrorKind::usage);
}

}  // namespace
}  // namespace vnpu
