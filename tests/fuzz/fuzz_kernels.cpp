// Any 112 bytes are a TIU command: every SIMD level does what the law does, or leaves memory alone.
#include <algorithm>
#include <cstdlib>
#include <cstring>
#include <string>

#include "base/error.h"
#include "sim/cv18xx/execute.h"
#include "sim/cv18xx/kernels/kernels.h"
#include "sim/cv18xx/law.h"

namespace {

using namespace vnpu::cv18xx;

template <class F>
std::string error_of(F&& f) {
  try {
    f();
    return {};
  } catch (const vnpu::Error& e) {
    return e.what();
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  std::array<std::uint8_t, tiu_bytes> words{};
  if (size > 0) std::memcpy(words.data(), data, std::min(size, words.size()));
  const TiuCommand command = decode_tiu(words);
  const Chip& chip = chips()[size > tiu_bytes ? data[tiu_bytes] % 2 : 0];
  Memory start(chip, 0), expected(chip, 0), got(chip, 0);
  std::uint32_t state = 1;
  for (std::uint8_t& byte : start.local()) {
    byte = static_cast<std::uint8_t>((state = state * 1664525 + 1013904223) >> 24);
  }
  std::ranges::copy(start.local(), expected.local().begin());
  const std::string law = error_of([&] { execute_tiu_law(command, expected, {}); });
  for (const vnpu::SimdLevel level : {vnpu::SimdLevel::avx2, vnpu::SimdLevel::avx512}) {
    if (level > vnpu::best_simd_level()) continue;
    std::ranges::copy(start.local(), got.local().begin());
    bool covered = false;
    const std::string kernel = error_of([&] { covered = execute_tiu_kernel(command, got, {}, level); });
    const Memory& wanted = covered ? expected : start;
    if (!std::ranges::equal(wanted.local(), got.local())) std::abort();
    if ((covered || !kernel.empty()) && kernel != law) std::abort();
  }
  return 0;
}
