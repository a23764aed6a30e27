// Any bytes as concatenated JPEGs or AVI.
#include "base/error.h"
#include "devices/camera/readers.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  try {
    const auto source = vnpu::camera::read_mjpeg({data, data + size}, {});
    source->frame(*source->count() - 1);
  } catch (const vnpu::Error&) {
  }
  return 0;
}
