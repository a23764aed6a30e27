// The reader of recorded commands.
#include <cstddef>
#include <cstdint>
#include <span>

#include "base/error.h"
#include "sim/cv18xx/recorded_commands.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  try {
    (void)vnpu::cv18xx::parse_recorded_commands({data, size});
  } catch (const vnpu::Error&) {
  }
  return 0;
}
