// Any text as a board's data file, and any text as a setting.
#include <string>
#include <vector>

#include "base/error.h"
#include "sim/cv18xx/timing/parameters.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string text(reinterpret_cast<const char*>(data), size);
  try {
    vnpu::cv18xx::timing_board_from_text(text, "fuzz");
  } catch (const vnpu::Error&) {
  }
  try {
    vnpu::cv18xx::timing_board("maixcam", std::vector<std::string>{text});
  } catch (const vnpu::Error&) {
  }
  return 0;
}
