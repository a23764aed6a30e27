// Any bytes are a command: it runs or is refused, within bounds, and every SIMD level does what the law does.
#include <algorithm>
#include <array>
#include <cstdio>
#include <cstdlib>

#include "base/error.h"
#include "tests/sim/bm1684x/random_command.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace vnpu::bm1684x;
  static test::LevelPair pair;
  test::ByteSource source({data, size});
  const bool is_tiu = source.below(4) != 0;
  const bool as_it_is = source.below(8) == 0;
  std::variant<TiuCommand, GdmaCommand> command;
  if (as_it_is) {  // the bytes themselves, in the long form
    std::array<std::uint8_t, 128> words{};
    for (auto& byte : words) byte = static_cast<std::uint8_t>(source.next());
    words[0] &= is_tiu ? 0xFE : 0xF7;
    try {
      const vnpu::ByteView view{std::span<const std::uint8_t>(words)};
      if (is_tiu) {
        command = decode_tiu(view);
      } else {
        command = decode_gdma(view);
      }
    } catch (const vnpu::Error&) {
      return 0;
    }
  } else if (is_tiu) {
    command = test::make_tiu(source);
  } else {
    command = test::make_gdma(source);
  }
  const auto level = source.below(2) ? vnpu::SimdLevel::avx2 : vnpu::SimdLevel::avx512;
  const std::string difference = pair.run(command, std::min(level, vnpu::best_simd_level()));
  if (!difference.empty()) {
    std::fprintf(stderr, "%s\n", difference.c_str());
    std::abort();
  }
  return 0;
}
