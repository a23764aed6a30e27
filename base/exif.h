// The orientation a camera notes in a JPEG file.
#pragma once

#include "base/image.h"

namespace vnpu {

// 1 to 8 as EXIF numbers them; 1 (upright) when the file says nothing, or nothing that can be read. Never throws.
int exif_orientation(ByteView jpeg);

// The picture turned and mirrored so that it is upright.
Image upright(Image image, int orientation);

// base/image.h's read_image, upright.
Image read_upright_image(const std::filesystem::path& path);

}  // namespace vnpu
