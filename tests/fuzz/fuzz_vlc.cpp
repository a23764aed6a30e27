// Both VLC decoders on any stream: what the fast one accepts, the law accepts with the same bytes; and whatever comes
// out can be coded and decoded again. Input: 2 bytes of plain size, then the stream.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <span>

#include "base/error.h"
#include "sim/cv18xx/kernels/vlc_fast.h"
#include "sim/cv18xx/vlc.h"

using namespace vnpu;
using namespace vnpu::cv18xx;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size < 2) return 0;
  const std::span<const std::uint8_t> stream(data + 2, size - 2);
  Bytes law((data[0] | data[1] << 8) & ~1), fast(law.size());
  bool good = true;
  try {
    vlc_decode(stream, law);
  } catch (const Error&) {
    good = false;
  }
  if (vlc_decode_fast(stream, fast) && (!good || fast != law)) std::abort();
  if (!good) return 0;
  auto parameters = vlc_parameters(stream);
  parameters.zero_guard = false;  // would drop signs of zeros
  parameters.bias0 = parameters.bf16 ? 127 : 0;
  parameters.bias1 = 0;
  Bytes back(law.size());
  vlc_decode(vlc_encode(law, parameters), back);
  if (back != law) std::abort();
  return 0;
}
