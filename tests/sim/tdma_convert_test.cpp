// int8 <-> bf16 and the exponent helpers, all 65,536 values, against formulas in double precision.
#include <gtest/gtest.h>

#include <cmath>
#include <vector>

#include "sim/cv18xx/convert.h"
#include "sim/cv18xx/execute.h"
#include "sim/cv18xx/kernels/tdma_rows.h"

namespace vnpu::cv18xx {
namespace {

double value_of(std::uint32_t bits) { return bf16_to_float(static_cast<std::uint16_t>(bits)); }

int rounded(std::uint32_t bits, bool is_signed, bool toward_zero) {
  const double low = is_signed ? -128 : 0;
  const double high = is_signed ? 127 : 255;
  const double value = value_of(bits);
  if (!std::isfinite(value)) return static_cast<int>(bits >> 15 ? low : high);
  double whole = std::trunc(value);
  if (!toward_zero) {
    whole = std::floor(value);
    const double rest = value - whole;  // exact
    if (rest > 0.5 || (rest == 0.5 && std::fmod(whole, 2) != 0)) whole += 1;
  }
  return static_cast<int>(std::fmin(std::fmax(whole, low), high));
}

std::vector<const kernels::TdmaRows*> levels() {
  std::vector<const kernels::TdmaRows*> all = {&kernels::tdma_rows_scalar};
  if (best_simd_level() >= SimdLevel::avx2) all.push_back(&kernels::tdma_rows_avx2);
  if (best_simd_level() >= SimdLevel::avx512) all.push_back(&kernels::tdma_rows_avx512);
  return all;
}

// All bf16 patterns; one more byte in front makes every access unaligned.
std::vector<std::uint8_t> all_patterns() {
  std::vector<std::uint8_t> bytes(1 + 2 * 65536);
  for (std::size_t i = 0; i < 65536; ++i) {
    bytes[1 + 2 * i] = static_cast<std::uint8_t>(i);
    bytes[2 + 2 * i] = static_cast<std::uint8_t>(i >> 8);
  }
  return bytes;
}

TEST(TdmaConvert, EveryBf16ToInt8) {
  for (const bool is_signed : {false, true}) {
    for (const bool toward_zero : {false, true}) {
      for (std::uint32_t bits = 0; bits < 65536; ++bits) {
        const auto byte = bf16_to_int8(static_cast<std::uint16_t>(bits), is_signed, toward_zero);
        const int got = is_signed ? static_cast<std::int8_t>(byte) : byte;
        ASSERT_EQ(got, rounded(bits, is_signed, toward_zero)) << std::hex << bits;
      }
    }
  }
}

TEST(TdmaConvert, HalvesGoToEven) {
  EXPECT_EQ(bf16_to_int8(float_to_bf16_truncated(0.5f), true, false), 0);
  EXPECT_EQ(bf16_to_int8(float_to_bf16_truncated(1.5f), true, false), 2);
  EXPECT_EQ(bf16_to_int8(float_to_bf16_truncated(2.5f), true, false), 2);
  EXPECT_EQ(bf16_to_int8(float_to_bf16_truncated(-2.5f), true, false), 0xFE);
  EXPECT_EQ(bf16_to_int8(float_to_bf16_truncated(-2.5f), true, true), 0xFE);
  EXPECT_EQ(bf16_to_int8(float_to_bf16_truncated(-300.f), true, false), 0x80);
  EXPECT_EQ(bf16_to_int8(float_to_bf16_truncated(-1.f), false, false), 0);
  EXPECT_EQ(bf16_to_int8(0x7FC0, true, false), 127);   // NaN
  EXPECT_EQ(bf16_to_int8(0xFFC0, true, false), 0x80);  // NaN with sign
}

TEST(TdmaConvert, EveryInt8ToBf16IsExact) {
  for (unsigned byte = 0; byte < 256; ++byte) {
    EXPECT_EQ(value_of(int8_to_bf16(static_cast<std::uint8_t>(byte), false)), byte);
    EXPECT_EQ(value_of(int8_to_bf16(static_cast<std::uint8_t>(byte), true)), static_cast<std::int8_t>(byte));
  }
}

TEST(TdmaConvert, EveryExponentIndex) {
  for (std::uint32_t bits = 0; bits < 65536; ++bits) {
    const auto pattern = static_cast<std::uint16_t>(bits);
    const double value = value_of(bits);
    ASSERT_EQ(is_bf16_nan(pattern), std::isnan(value));
    if (std::isnan(value)) continue;
    int index = 0;
    if (value != 0) index = (std::isinf(value) ? 0 : std::ilogb(value)) + 63 + (std::signbit(value) ? 128 : 0);
    index &= 0xFF;
    ASSERT_EQ(bf16_to_lut_index(pattern), index * 257) << std::hex << bits;
    if (std::isnormal(static_cast<float>(value))) {
      EXPECT_EQ(value_of(bf16_to_lut_base(pattern)), std::copysign(std::exp2(std::ilogb(value)), value));
    }
  }
}

TEST(TdmaConvert, EveryLevelNarrowsAlike) {
  const auto patterns = all_patterns();
  for (const bool is_signed : {false, true}) {
    for (const bool toward_zero : {false, true}) {
      for (const auto* rows : levels()) {
        for (const std::size_t skip : {0u, 3u}) {  // another place in the vectors, and a tail
          std::vector<std::uint8_t> bytes(65536 - skip + 1, 0xA5);
          rows->narrow(bytes.data(), patterns.data() + 1 + 2 * skip, 65536 - skip, is_signed, toward_zero);
          for (std::size_t i = 0; i < 65536 - skip; ++i) {
            ASSERT_EQ(bytes[i], bf16_to_int8(static_cast<std::uint16_t>(i + skip), is_signed, toward_zero)) << i;
          }
          ASSERT_EQ(bytes.back(), 0xA5);
        }
      }
    }
  }
}

TEST(TdmaConvert, EveryLevelWidensAlike) {
  std::vector<std::uint8_t> bytes(300);
  for (std::size_t i = 0; i < bytes.size(); ++i) bytes[i] = static_cast<std::uint8_t>(i);
  for (const auto* rows : levels()) {
    for (const bool is_signed : {false, true}) {
      for (std::size_t count = 0; count <= bytes.size(); ++count) {
        std::vector<std::uint8_t> wide(2 * count + 2, 0xA5);
        rows->widen(wide.data() + 1, bytes.data(), count, is_signed);
        for (std::size_t i = 0; i < count; ++i) {
          ASSERT_EQ(wide[1 + 2 * i] | wide[2 + 2 * i] << 8, int8_to_bf16(bytes[i], is_signed));
        }
        ASSERT_EQ(wide.front(), 0xA5);
        ASSERT_EQ(wide.back(), 0xA5);
      }
    }
  }
}

TEST(TdmaConvert, EveryLevelFindsTheSameIndex) {
  const auto patterns = all_patterns();
  for (const auto* rows : levels()) {
    // Positive and negative numbers up to Inf; the NaNs behind them are refused.
    for (const std::size_t first : {0u, 0x8000u, 0x7Eu, 0x3F81u}) {
      const std::size_t count = (first < 0x8000 ? 0x7F81 : 0xFF81) - first;
      std::vector<std::uint8_t> out(2 * count);
      ASSERT_TRUE(rows->lut_index(out.data(), patterns.data() + 1 + 2 * first, count));
      for (std::size_t i = 0; i < count; ++i) {
        ASSERT_EQ(out[2 * i] | out[2 * i + 1] << 8, bf16_to_lut_index(static_cast<std::uint16_t>(first + i))) << i;
      }
    }
    std::vector<std::uint8_t> out(2 * 0x8000);
    EXPECT_FALSE(rows->lut_index(out.data(), patterns.data() + 1, 0x7F82));
    EXPECT_FALSE(rows->lut_index(out.data(), patterns.data() + 1 + 2 * 0xFFFF, 1));
  }
}

}  // namespace
}  // namespace vnpu::cv18xx
