// Any 112 bytes are a TIU command: it runs or is refused, within bounds.
#include <algorithm>
#include <cstring>

#include "base/error.h"
#include "sim/cv18xx/law.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace vnpu::cv18xx;
  std::array<std::uint8_t, tiu_bytes> words{};
  if (size > 0) std::memcpy(words.data(), data, std::min(size, words.size()));
  const TiuCommand command = decode_tiu(words);
  for (const Chip& chip : chips()) {
    Memory memory(chip, 0);
    std::uint32_t state = 1;
    for (std::uint8_t& byte : memory.local())
      byte = static_cast<std::uint8_t>((state = state * 1664525 + 1013904223) >> 24);
    try {
      execute_tiu_law(command, memory, Quirks{});
    } catch (const vnpu::Error&) {
    }
  }
  return 0;
}
