// The rounding rules, each with the values where it could be another one.
#include "sim/cv18xx/arithmetic.h"

#include <gtest/gtest.h>

#include <cfenv>
#include <climits>
#include <cmath>

namespace vnpu::cv18xx {
namespace {

constexpr std::uint32_t unity = 0x7FFFFFFF;  // a multiplier that leaves small numbers as they are

float f(std::uint32_t bits) { return std::bit_cast<float>(bits); }
std::uint32_t bits(float v) { return std::bit_cast<std::uint32_t>(v); }

[[gnu::noinline]] void add_many(const float* a, const float* b, float* sum, int n) {
  for (int i = 0; i < n; ++i) sum[i] = fp32_add(a[i], b[i]);
}
float add(float a, float b) {
  float sum = 0;
  const RoundTowardZero scope;
  add_many(&a, &b, &sum, 1);
  return sum;
}
[[gnu::noinline]] void multiply_many(const float* a, const float* b, float* product, int n) {
  for (int i = 0; i < n; ++i) product[i] = fp32_multiply(a[i], b[i]);
}
float multiply(float a, float b) {
  float product = 0;
  const RoundTowardZero scope;
  multiply_many(&a, &b, &product, 1);
  return product;
}

TEST(TiuArithmetic, ShiftRoundsHalfUpOrDownToMinusInfinity) {
  EXPECT_EQ(rshift(-3, 0, true), -3);
  EXPECT_EQ(rshift(3, 1, true), 2);
  EXPECT_EQ(rshift(-3, 1, true), -1);
  EXPECT_EQ(rshift(-5, 2, true), -1);
  EXPECT_EQ(rshift(-6, 2, true), -1);
  EXPECT_EQ(rshift(-7, 2, true), -2);
  EXPECT_EQ(rshift(-3, 1, false), -2);
  EXPECT_EQ(rshift(INT_MAX, 1, true), 1 << 30);
  EXPECT_EQ(rshift(-1, 63, false), -1);
  EXPECT_EQ(rshift(-1, 63, true), 0);
}

TEST(TiuArithmetic, SaturationFollowsTheSign) {
  EXPECT_EQ(sat8(128, true), 127);
  EXPECT_EQ(sat8(-129, true), -128);
  EXPECT_EQ(sat8(256, false), 255);
  EXPECT_EQ(sat8(-1, false), 0);
  EXPECT_EQ(sat16(32768, true), 32767);
  EXPECT_EQ(sat16(65536, false), 65535);
}

TEST(TiuArithmetic, QdmProductTiesGoUp) {
  const Quirks vendor;
  EXPECT_EQ(qdm(1, 1u << 30, 0, vendor), 1);    // 0.5
  EXPECT_EQ(qdm(-1, 1u << 30, 0, vendor), 0);   // -0.5
  EXPECT_EQ(qdm(3, 1u << 30, 0, vendor), 2);    // 1.5
  EXPECT_EQ(qdm(-3, 1u << 30, 0, vendor), -1);  // -1.5
}

TEST(TiuArithmetic, QdmShiftTiesGoAwayFromZero) {
  const Quirks vendor;
  EXPECT_EQ(qdm(3, unity, 1, vendor), 2);
  EXPECT_EQ(qdm(-3, unity, 1, vendor), -2);
  EXPECT_EQ(qdm(-5, unity, 1, vendor), -3);
  EXPECT_EQ(qdm(5, unity, 2, vendor), 1);
  EXPECT_EQ(qdm(6, unity, 2, vendor), 2);
  EXPECT_EQ(qdm(-6, unity, 2, vendor), -2);
  EXPECT_EQ(qdm(INT_MAX, unity, 31, vendor), 1);
}

TEST(TiuArithmetic, QdmShiftCodeHasSixSignedBits) {
  const Quirks vendor;
  EXPECT_EQ(qdm(2, unity, 0x3F, vendor), 4);                  // left by 1
  EXPECT_EQ(qdm(5, unity, 0x41, vendor), 3);                  // bits 6 and 7 do not count: right by 1
  EXPECT_EQ(qdm(0x40000000, unity, 0x3F, vendor), -INT_MAX);  // the left shift wraps
}

TEST(TiuArithmetic, QdmMultiplierIsSignedAndTheProductWraps) {
  const Quirks vendor;
  EXPECT_EQ(qdm(1, 0x80000000, 0, vendor), -1);
  EXPECT_EQ(qdm(INT_MIN, 0x80000000, 0, vendor), INT_MIN);
}

TEST(TiuArithmetic, QdmLeftShiftBy32IsAQuirk) {
  Quirks quirks;
  EXPECT_EQ(qdm(7, unity, 0x20, quirks), 7);
  quirks.qdm_shift_32_is_0 = false;
  EXPECT_EQ(qdm(7, unity, 0x20, quirks), 0);
}

TEST(TiuArithmetic, SumsRoundTowardZero) {
  EXPECT_EQ(bits(add(1.0f, 0x1.8p-24f)), 0x3F800000u);  // nearest would be 0x3F800001
  EXPECT_EQ(bits(add(1.0f, -0x1p-30f)), 0x3F7FFFFFu);   // nearest would be 1
  EXPECT_EQ(bits(add(-1.0f, -0x1.8p-24f)), 0xBF800000u);
  EXPECT_EQ(bits(add(1.0f, f(0x80000001))), 0x3F7FFFFFu);  // a subnormal operand counts
}

TEST(TiuArithmetic, SubnormalSumsAreZero) {
  EXPECT_EQ(bits(add(0x1p-126f, -0x1.8p-126f)), 0u);
  EXPECT_EQ(bits(add(f(1), f(1))), 0u);
}

TEST(TiuArithmetic, SumsThatReachFltMaxStayInvalid) {
  EXPECT_EQ(bits(add(f(0x7F7FFFFE), 1.0f)), 0x7F7FFFFEu);
  EXPECT_TRUE(is_nan(add(f(fp32_max), 0.0f)));
  EXPECT_TRUE(is_nan(add(0x1p127f, 0x1p127f)));
  EXPECT_EQ(bits(add(f(fp32_max), -1.0f)), 0x7F7FFFFEu);  // a loaded +FLT_MAX is a number
  EXPECT_TRUE(is_nan(add(add(0x1p127f, 0x1p127f), -0x1p127f)));
}

TEST(TiuArithmetic, ProductsUnderflowToZeroAndOverflowToInvalid) {
  EXPECT_EQ(multiply(0x1p-64f, 0x1p-62f), 0x1p-126f);
  EXPECT_EQ(bits(multiply(-0x1p-64f, 0x1p-63f)), 0u);
  EXPECT_EQ(multiply(0x1p64f, 0x1.fep63f), 0x1.fep127f);
  EXPECT_TRUE(is_nan(multiply(0x1p64f, 0x1p64f)));
  EXPECT_TRUE(is_nan(multiply(0.0f, load_bf16(0x7F80))));
}

TEST(TiuArithmetic, ScopeRestoresTheRoundingMode) {
  {
    const RoundTowardZero scope;
    EXPECT_EQ(std::fegetround(), FE_TOWARDZERO);
  }
  EXPECT_EQ(std::fegetround(), FE_TONEAREST);
}

TEST(TiuArithmetic, Bf16OperandsHaveNoSubnormalsAndNoInfinities) {
  EXPECT_EQ(bits(load_bf16(0x007F)), 0u);
  EXPECT_EQ(bits(load_bf16(0x8000)), 0u);
  EXPECT_EQ(load_bf16(0xBF80), -1.0f);
  EXPECT_TRUE(is_nan(load_bf16(0xFF80)));
  EXPECT_TRUE(is_nan(load_bf16(0x7FC1)));
}

TEST(TiuArithmetic, ConvolutionPartialSumsLoadDifferently) {
  Quirks quirks;
  EXPECT_EQ(bits(load_fp32(0x00400000)), 0x00400000u);
  EXPECT_TRUE(is_nan(load_fp32(0xFF800000)));
  EXPECT_EQ(bits(load_conv_partial_sum(0x80400000, quirks)), 0u);
  EXPECT_EQ(bits(load_conv_partial_sum(0xFF800000, quirks)), fp32_max);
  quirks.conv_psum_flushes_subnormals = false;
  EXPECT_EQ(bits(load_conv_partial_sum(0x80400000, quirks)), 0x80400000u);
  EXPECT_TRUE(is_nan(load_conv_partial_sum(0xFF800000, quirks)));
}

TEST(TiuArithmetic, ResultsRoundToNearestEven) {
  const Quirks vendor;
  EXPECT_EQ(store_bf16(f(0x3F808000), vendor), 0x3F80);
  EXPECT_EQ(store_bf16(f(0x3F818000), vendor), 0x3F82);
  EXPECT_EQ(store_bf16(f(0x3F808001), vendor), 0x3F81);
  EXPECT_EQ(store_bf16(f(0xBF807FFF), vendor), 0xBF80);
  EXPECT_EQ(store_bf16(-0.0f, vendor), 0);
}

TEST(TiuArithmetic, OverflowBecomesPositive) {
  Quirks quirks;
  EXPECT_EQ(store_bf16(f(0x7F7F8000), quirks), 0x7F7F);
  EXPECT_EQ(store_bf16(f(0xFF7F8000), quirks), 0x7F7F);
  EXPECT_EQ(store_bf16(f(0xFF7F7FFF), quirks), 0xFF7F);
  EXPECT_EQ(store_bf16(add(-0x1p127f, -0x1p127f), quirks), 0x7F7F);
  EXPECT_EQ(store_fp32(f(0xFF7FFFFF), quirks), fp32_max);
  quirks.bf16_overflow_positive = false;
  EXPECT_EQ(store_bf16(f(0xFF7F8000), quirks), 0xFF7F);
  EXPECT_EQ(store_bf16(add(-0x1p127f, -0x1p127f), quirks), 0xFF7F);
  EXPECT_EQ(store_bf16(load_bf16(0xFF80), quirks), 0xFF7F);
  EXPECT_EQ(store_bf16(multiply(load_bf16(0xFF80), -1.0f), quirks), 0x7F7F);
  EXPECT_EQ(store_fp32(f(0xFF7FFFFF), quirks), 0xFF7FFFFFu);
}

TEST(TiuArithmetic, StoredPartialSumsHaveNoSubnormals) {
  const Quirks vendor;
  EXPECT_EQ(store_fp32(f(0x80000001), vendor), 0u);
  EXPECT_EQ(store_fp32(f(0x80800000), vendor), 0x80800000u);
  EXPECT_EQ(store_fp32(invalid(true), vendor), fp32_max);
}

}  // namespace
}  // namespace vnpu::cv18xx
