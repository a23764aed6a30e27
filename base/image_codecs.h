// The two decoders behind decode_image; the C libraries' error jumps stay inside image_codecs.cpp.
#pragma once

#include "base/image.h"

namespace vnpu {

Image decode_jpeg(ByteView file, std::int64_t max_pixels);
Image decode_png(ByteView file, std::int64_t max_pixels);

}  // namespace vnpu
