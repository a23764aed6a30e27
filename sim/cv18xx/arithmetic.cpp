#include "sim/cv18xx/arithmetic.h"

namespace vnpu::cv18xx {

std::int32_t qdm(std::int32_t x, std::uint32_t multiplier, std::uint32_t shift_code, const Quirks& quirks) {
  const int shift = static_cast<int>(shift_code & 31) - static_cast<int>(shift_code & 32);
  const unsigned left = shift < 0 ? -shift : 0;
  const unsigned right = shift > 0 ? shift : 0;
  // A left shift by 32 is the CPU's shift by 0 (quirk); all others lose the upper bits.
  std::uint32_t shifted = static_cast<std::uint32_t>(x) << (left & 31);
  if (left == 32 && !quirks.qdm_shift_32_is_0) shifted = 0;

  // The product stays below 2^62, so neither the rounding addend nor the division can overflow; only the cut to
  // 32 bits of (-2^31) * (-2^31) / 2^31 wraps.
  const std::int64_t product = std::int64_t{static_cast<std::int32_t>(shifted)} * static_cast<std::int32_t>(multiplier);
  const std::int64_t nudge = product >= 0 ? 1 << 30 : 1 - (1 << 30);
  const std::int32_t high = static_cast<std::int32_t>((product + nudge) / (std::int64_t{1} << 31));

  const std::int32_t mask = static_cast<std::int32_t>((1u << right) - 1);
  const std::int32_t remainder = high & mask;
  const std::int32_t threshold = (mask >> 1) + (high < 0 ? 1 : 0);
  return (high >> right) + (remainder > threshold ? 1 : 0);
}

}  // namespace vnpu::cv18xx
