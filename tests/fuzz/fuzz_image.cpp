// JPEG and PNG decoders, the orientation noted in a JPEG, and the device layouts of what they give.
#include "base/error.h"
#include "base/exif.h"
#include "base/image.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace vnpu;
  const int orientation = exif_orientation(ByteView(std::span(data, size)));
  try {
    const auto image = upright(decode_image(ByteView(std::span(data, size)), 1 << 16), orientation);
    for (const auto* format : {"RGB_PLANAR", "BGR_PACKED", "GRAYSCALE"}) {
      to_device_pixels(image, format, size % 2, image.height, image.width);
    }
    letterbox(image, 32, 48);
    to_device_pixels(image, "YUV_NV12", true, image.height, image.width);
  } catch (const Error&) {
  }
  return 0;
}
