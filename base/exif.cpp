#include "base/exif.h"

#include <algorithm>
#include <string_view>

namespace vnpu {
namespace {

// The TIFF block of the first APP1 segment with "Exif", or nothing.
std::span<const std::uint8_t> tiff_block(std::span<const std::uint8_t> file) {
  constexpr std::string_view name("Exif\0\0", 6);
  if (file.size() < 4 || file[0] != 0xff || file[1] != 0xd8) return {};
  for (std::size_t at = 2; at + 4 <= file.size();) {
    const unsigned marker = file[at + 1];
    const std::size_t size = std::size_t{file[at + 2]} << 8 | file[at + 3];  // with its own two bytes
    if (file[at] != 0xff || marker == 0xda || marker == 0xd9 || size < 2 || at + 2 + size > file.size()) return {};
    const auto segment = file.subspan(at + 4, size - 2);
    if (marker == 0xe1 && segment.size() > name.size() &&
        std::equal(name.begin(), name.end(), segment.begin(),
                   [](char a, std::uint8_t b) { return a == static_cast<char>(b); }))
      return segment.subspan(name.size());
    at += 2 + size;
  }
  return {};
}

}  // namespace

int exif_orientation(ByteView jpeg) {
  const auto tiff = tiff_block(jpeg.span());
  if (tiff.size() < 8 || tiff[0] != tiff[1] || (tiff[0] != 'I' && tiff[0] != 'M')) return 1;
  const bool little = tiff[0] == 'I';
  const auto number = [&](std::size_t at, std::size_t bytes) {
    std::size_t value = 0;
    for (std::size_t i = 0; i < bytes; ++i) value = value << 8 | tiff[at + (little ? bytes - 1 - i : i)];
    return value;
  };
  const std::size_t folder = number(4, 4);
  if (number(2, 2) != 42 || folder + 2 > tiff.size()) return 1;
  constexpr std::size_t entry_bytes = 12, orientation_tag = 0x112;
  const std::size_t count = number(folder, 2);
  for (std::size_t i = 0; i < count; ++i) {
    const std::size_t entry = folder + 2 + i * entry_bytes;
    if (entry + entry_bytes > tiff.size()) return 1;
    if (number(entry, 2) != orientation_tag) continue;
    const std::size_t value = number(entry + 8, 2);  // a short, whatever type is noted
    return value >= 1 && value <= 8 ? static_cast<int>(value) : 1;
  }
  return 1;
}

Image upright(Image image, int orientation) {
  if (orientation <= 1 || orientation > 8) return image;
  // 5 to 8: rows and columns change places. Then left and right, upper and lower.
  const bool swap = orientation >= 5;
  const bool mirror = orientation == 2 || orientation == 3 || orientation == 6 || orientation == 7;
  const bool over = orientation == 3 || orientation == 4 || orientation == 7 || orientation == 8;
  Image out{swap ? image.width : image.height, swap ? image.height : image.width, image.channels, {}};
  out.pixels.resize(image.pixels.size());
  const auto channels = static_cast<std::size_t>(image.channels);
  std::uint8_t* to = out.pixels.data();
  for (int y = 0; y < out.height; ++y) {
    for (int x = 0; x < out.width; ++x) {
      const int u = mirror ? out.width - 1 - x : x, v = over ? out.height - 1 - y : y;
      const auto row = static_cast<std::size_t>(swap ? u : v), column = static_cast<std::size_t>(swap ? v : u);
      const std::uint8_t* from = &image.pixels[(row * static_cast<std::size_t>(image.width) + column) * channels];
      for (std::size_t c = 0; c < channels; ++c) *to++ = from[c];
    }
  }
  return out;
}

Image read_upright_image(const std::filesystem::path& path) {
  Image image = read_image(path);
  return upright(std::move(image), exif_orientation(ByteView(read_file(path))));
}

}  // namespace vnpu
