// The guest's pictures as the host sees them.
#pragma once

#include "devices/maix/calls.h"
#include "devices/maix/pixels.h"

namespace vnpu::devices::maix {

// [width, height, format, pixels, planes]: addresses in the guest, or -1 for the camera's frame; planes 0: none.
// Raises in the guest for sizes or addresses that it does not have.
ImageView view_of(CallContext& context, const nlohmann::json& image);
// A colour: [r, g, b], or a pixel's value.
std::uint16_t value_of_colour(PixelFormat format, const nlohmann::json& colour);
Rgb rgb_of_colour(PixelFormat format, const nlohmann::json& colour);

}  // namespace vnpu::devices::maix
