// Any bytes as a YUV4MPEG2 file: its frames come out or it is refused.
#include "base/error.h"
#include "devices/camera/readers.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  try {
    const auto source = vnpu::camera::read_y4m({data, data + size});
    const auto count = *source->count();
    for (const std::uint64_t number : {std::uint64_t{0}, count / 2, count - 1}) source->frame(number);
  } catch (const vnpu::Error&) {
  }
  return 0;
}
