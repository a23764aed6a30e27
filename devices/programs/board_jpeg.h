// JPEG as the board's own library decodes it: IJG libjpeg 9 (January 2013, "islow"), which the vendor's OpenCV 3.2
// carries. It differs from the libraries of today's hosts where chroma is stored at half size: it does not interpolate
// between decoded samples but decodes each 8x8 block straight to 16 samples a side, by a longer inverse DCT.
// Checked against the input tensors that the vendor's programs wrote from 4:2:0 and 4:4:4 pictures
// (docs/board_programs.md).
#pragma once

#include <string>

#include "base/image.h"

namespace vnpu::programs {

struct BoardPicture {
  Image image;          // R G B
  std::string warning;  // what the library writes on stderr about a spoilt stream, without end of line; or empty
};

// Throws Error(damaged) for what the library gives up on and Error(unsupported) for CMYK and over `max_pixels`.
// A stream that ends early is a picture with a warning, as on the board. Chroma at less than half size goes the way of
// base/image.h's decoder.
BoardPicture decode_board_jpeg(ByteView file, std::int64_t max_pixels = max_image_pixels);

// 4:2:0 with the default tables, as the board's OpenCV writes: chroma is halved by the transform, too.
Bytes encode_board_jpeg(const Image& image, int quality = 95);

}  // namespace vnpu::programs
