// The board's JPEG decoder and encoder.
#include "base/error.h"
#include "devices/programs/board_jpeg.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace vnpu;
  try {
    const auto picture = programs::decode_board_jpeg(ByteView(std::span(data, size)), 1 << 16);
    programs::encode_board_jpeg(picture.image);
  } catch (const Error&) {
  }
  return 0;
}
