#include "devices/programs/picture.h"

#include <algorithm>

#include "base/error.h"
#include "base/exif.h"
#include "devices/programs/board_jpeg.h"

namespace vnpu::programs {

std::optional<Image> read_picture(ProgramHost& host, Output& out, const std::string& path) {
  const auto file = host.read_file(path);
  if (!file) return std::nullopt;
  try {
    const bool jpeg = file->size() >= 3 && (*file)[0] == 0xff && (*file)[1] == 0xd8;
    if (!jpeg) return decode_image(ByteView(*file));
    BoardPicture picture = decode_board_jpeg(ByteView(*file));
    if (!picture.warning.empty()) out.complain(picture.warning + "\n");
    return upright(std::move(picture.image), exif_orientation(ByteView(*file)));
  } catch (const Error& error) {
    // Text and other files are simply no picture; a picture of a kind this board does not read says so.
    if (error.kind() == ErrorKind::unsupported && file->size() > 4 && (*file)[0] == 0xff)
      out.complain(std::string("vnpu: ") + error.what() + "\n");
    return std::nullopt;
  }
}

Bytes encode_picture(const Image& image, const std::string& name) {
  return name.ends_with(".png") ? encode_png(image) : encode_board_jpeg(image);
}

std::optional<Image> centre_crop(const Image& image, std::int64_t height, std::int64_t width) {
  if (height < 1 || width < 1 || height > image.height || width > image.width) return std::nullopt;
  const auto left = static_cast<std::size_t>((image.width - width) / 2);
  const auto top = static_cast<std::size_t>((image.height - height) / 2);
  Image out{static_cast<int>(height), static_cast<int>(width), 3, {}};
  out.pixels.resize(static_cast<std::size_t>(height * width) * 3);
  const std::size_t row = static_cast<std::size_t>(width) * 3;
  for (std::size_t y = 0; y < static_cast<std::size_t>(height); ++y) {
    const auto* from = &image.pixels[((top + y) * static_cast<std::size_t>(image.width) + left) * 3];
    std::copy_n(from, row, &out.pixels[y * row]);
  }
  return out;
}

}  // namespace vnpu::programs
