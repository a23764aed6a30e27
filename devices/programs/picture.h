// Pictures as the board's programs read and crop them (the vendor's OpenCV 3.2).
#pragma once

#include <optional>
#include <string>

#include "base/image.h"
#include "devices/programs/output.h"

namespace vnpu::programs {

// imread: R G B, turned upright as the file's EXIF says; null when the file is missing or no picture. What the codec
// says about a spoilt file goes to stderr.
std::optional<Image> read_picture(ProgramHost& host, Output& out, const std::string& path);

// The middle of the picture. Origin (0.5*(W-width), 0.5*(H-height)), truncated. Null when the picture is too small.
std::optional<Image> centre_crop(const Image& image, std::int64_t height, std::int64_t width);

// imwrite: by the ending of the name; other endings than .png are written as JPEG.
Bytes encode_picture(const Image& image, const std::string& name);

}  // namespace vnpu::programs
