// Camera sources and display sinks.
#include "devices/camera/camera.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

#include "base/error.h"
#include "devices/camera/readers.h"
#include "devices/display/display.h"

namespace vnpu::camera {
namespace {

namespace fs = std::filesystem;

Bytes bytes_of(const std::string& text) { return {text.begin(), text.end()}; }

Image plain(int height, int width, std::array<std::uint8_t, 3> colour) {
  Image image{height, width, 3, {}};
  for (int i = 0; i < height * width; ++i) image.pixels.insert(image.pixels.end(), colour.begin(), colour.end());
  return image;
}

class Folder : public testing::Test {
 protected:
  Folder() {
    std::string name = (fs::temp_directory_path() / "vnpu-camera-XXXXXX").string();
    path = ::mkdtemp(name.data());
  }
  ~Folder() override { fs::remove_all(path); }
  void write(const std::string& name, const Bytes& bytes) {
    std::ofstream(path / name, std::ios::binary)
        .write(reinterpret_cast<const char*>(bytes.data()), static_cast<std::streamsize>(bytes.size()));
  }
  fs::path path;
};

TEST(Y4m, ReadsTheFormsOfChroma) {
  // 3x2: odd width, chroma of 2x1
  const auto file = [](const std::string& colour, const std::string& frame) {
    return bytes_of("YUV4MPEG2 W3 H2 F25:1 Ip A1:1 " + colour + "\nFRAME\n" + frame + "FRAME Xa\n" + frame);
  };
  const std::string grey(6, '\x80'), neutral(2, '\x80');
  auto source = read_y4m(file("C420jpeg", grey + neutral + neutral));
  EXPECT_EQ(source->count(), 2u);
  EXPECT_EQ(source->rate().numerator, 25u);
  EXPECT_EQ(source->frame(1).pixels, Bytes(18, 128));
  // limited range: 16 is black, 235 white
  source = read_y4m(file("C420mpeg2", std::string("\x10\xeb\x10\xeb\x10\xeb") + neutral + neutral));
  const Image image = source->frame(0);
  EXPECT_EQ(image.pixels[0], 0);
  EXPECT_EQ(image.pixels[3], 255);
  source =
      read_y4m(file("C444 XCOLORRANGE=FULL", std::string(6, '\x51') + std::string(6, '\x5a') + std::string(6, '\xf0')));
  EXPECT_EQ(source->frame(0).pixels[0], 238);  // 81 + 1.402 * 112
  source = read_y4m(file("Cmono", grey));
  EXPECT_EQ(source->count(), 2u);
}

TEST(Y4m, RefusesDamage) {
  for (const char* text : {"", "YUV4MPEG", "YUV4MPEG2 W0 H2\nFRAME\n", "YUV4MPEG2 W4 H4 C420p10\nFRAME\n",
                           "YUV4MPEG2 W99999999999999999999 H2\n", "YUV4MPEG2 W2 H2 F0:0\n",
                           "YUV4MPEG2 W2 H2\nFRAMX\n      ", "YUV4MPEG2 W2 H2\nFRAME\n12345", "YUV4MPEG2 W2 H2"})
    EXPECT_THROW(read_y4m(bytes_of(text)), Error) << text;
}

TEST(Mjpeg, ReadsConcatenatedAndAvi) {
  const Bytes red = encode_jpeg(plain(16, 16, {255, 0, 0})), blue = encode_jpeg(plain(16, 16, {0, 0, 255}));
  Bytes both = red;
  both.insert(both.end(), blue.begin(), blue.end());
  auto source = read_mjpeg(both, {20, 1});
  ASSERT_EQ(source->count(), 2u);
  EXPECT_EQ(source->rate().numerator, 20u);
  EXPECT_GT(source->frame(1).pixels[2], 240);
  both.resize(both.size() - 5);  // a recording that was cut
  EXPECT_EQ(read_mjpeg(both, {20, 1})->count(), 1u);

  const auto chunk = [](const std::string& tag, Bytes body) {
    const auto size = static_cast<std::uint32_t>(body.size());
    if (size & 1) body.push_back(0);
    Bytes out = bytes_of(tag);
    for (int i = 0; i < 4; ++i) out.push_back(static_cast<std::uint8_t>(size >> (8 * i)));
    out.insert(out.end(), body.begin(), body.end());
    return out;
  };
  Bytes avih(56, 0);
  avih[0] = 0x50, avih[1] = 0xc3;  // 50000 us
  Bytes movi = bytes_of("movi");
  for (const Bytes& jpeg : {red, blue}) {
    const Bytes part = chunk("00dc", jpeg);
    movi.insert(movi.end(), part.begin(), part.end());
  }
  Bytes header = bytes_of("hdrl"), body = bytes_of("AVI ");
  for (const Bytes& part : {chunk("avih", avih)}) header.insert(header.end(), part.begin(), part.end());
  for (const Bytes& part : {chunk("LIST", header), chunk("LIST", movi)})
    body.insert(body.end(), part.begin(), part.end());
  source = read_mjpeg(chunk("RIFF", body), {30, 1});
  EXPECT_EQ(source->count(), 2u);
  EXPECT_EQ(source->rate().denominator, 50000u);
  EXPECT_GT(source->frame(0).pixels[0], 240);
  EXPECT_THROW(read_mjpeg(bytes_of("nothing"), {}), Error);
}

TEST_F(Folder, PicturesInOrderOfTheirNames) {
  write("b.png", encode_png(plain(8, 8, {0, 255, 0})));
  write("a.png", encode_png(plain(8, 8, {255, 0, 0})));
  Camera camera(open_source("dir:" + path.string() + "?fps=10&loop=0"));
  EXPECT_EQ(camera.picture(0, 8, 8).pixels[0], 255);
  EXPECT_EQ(camera.picture(1, 8, 8).pixels[1], 255);
  EXPECT_EQ(camera.number_at(199'999'999), 1u);
  EXPECT_EQ(camera.number_at(200'000'000), std::nullopt);
  EXPECT_EQ(camera.time_of(1), 100'000'000u);
}

TEST(Camera, FramesByTheClock) {
  Camera camera(open_source("pattern:moving", {30, 1}));
  EXPECT_EQ(camera.number_at(0), 0u);
  EXPECT_EQ(camera.number_at(33'333'333), 0u);
  EXPECT_EQ(camera.number_at(33'333'334), 1u);
  for (std::uint64_t n : {1u, 2u, 29u, 1000u}) EXPECT_EQ(camera.number_at(camera.time_of(n)), n);
  const Image first = camera.picture(0, 240, 320);  // a copy: the camera keeps one picture
  EXPECT_NE(first.pixels, camera.picture(30, 240, 320).pixels);
}

TEST(Camera, FitsByACutAboutTheCentre) {
  Image wide{2, 8, 3, {}};
  for (int y = 0; y < 2; ++y)
    for (int x = 0; x < 8; ++x) wide.pixels.insert(wide.pixels.end(), 3, static_cast<std::uint8_t>(10 * x));
  const Image cut = fit_frame(wide, 2, 2);
  EXPECT_EQ(cut.pixels, (Bytes{30, 30, 30, 40, 40, 40, 30, 30, 30, 40, 40, 40}));
}

TEST(Camera, WrongFormsAreNamed) {
  for (const char* spec :
       {"", "film:x", "pattern:none", "image:", "image:/nonexistent.png", "pattern?fps=0", "dir:/nonexistent"})
    EXPECT_THROW(open_source(spec), Error) << spec;
}

TEST_F(Folder, DisplaysRecord) {
  const auto png = display::open_sink("png:" + (path / "lcd").string());
  const auto mjpeg = display::open_sink("mjpeg:" + (path / "lcd.mjpeg").string());
  const Image red = plain(24, 32, {255, 0, 0}), blue = plain(24, 32, {0, 0, 255});
  for (const Image* image : {&red, &red, &blue}) {
    png->show(*image, 0);
    mjpeg->show(*image, 0);
  }
  EXPECT_EQ(read_image(path / "lcd" / "frame_000000.png").pixels, red.pixels);
  EXPECT_EQ(read_image(path / "lcd" / "frame_000001.png").pixels, blue.pixels);
  EXPECT_FALSE(fs::exists(path / "lcd" / "frame_000002.png"));  // equal pictures once
  EXPECT_EQ(open_source("mjpeg:" + (path / "lcd.mjpeg").string())->count(), 3u);
  EXPECT_THROW(display::open_sink("window"), Error);
}

}  // namespace
}  // namespace vnpu::camera
