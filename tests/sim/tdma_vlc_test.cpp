#include <gtest/gtest.h>

#include <random>

#include "base/error.h"
#include "sim/cv18xx/kernels/vlc_fast.h"
#include "sim/cv18xx/vlc.h"

namespace vnpu::cv18xx {
namespace {

Bytes bytes_of(std::initializer_list<int> values) {
  Bytes bytes;
  for (const int value : values) bytes.push_back(static_cast<std::uint8_t>(value));
  return bytes;
}

TEST(Vlc, ZerosTakeOneBitEach) {
  // 16 zeros: order 0, sixteen ones in unary; k-map byte 0; 2 bytes of data padded to 16.
  const auto stream = vlc_encode(Bytes(16, 0), {.is_signed = true});
  ASSERT_EQ(stream.size(), 48u);
  EXPECT_EQ(stream[0], 16);     // data bytes
  EXPECT_EQ(stream[3], 0x10);   // signed
  EXPECT_EQ(stream[16], 0x00);  // k-map
  EXPECT_EQ(stream[32], 0xFF);
  EXPECT_EQ(stream[33], 0xFF);
  EXPECT_EQ(stream[34], 0x00);
}

TEST(Vlc, SignedNumbersInterleave) {
  // 1 -> 2, -1 -> 1: unary 001, 01, and fourteen zeros: bits 001 01 1...1 = 5 + 14 bits; U = 3 + 2 + 14 = 19.
  Bytes plain(16, 0);
  plain[0] = 1;
  plain[1] = 0xFF;
  const auto stream = vlc_encode(plain, {.is_signed = true});
  EXPECT_EQ(stream[16], 19 - 16);
  EXPECT_EQ(stream[32], 0b11110100);  // first bit lowest: 0 0 1 0 1 1 1 1
  EXPECT_EQ(stream[33], 0xFF);
  EXPECT_EQ(stream[34], 0x07);
}

TEST(Vlc, LargeBytesAreRaw) {
  const auto stream = vlc_encode(Bytes(16, 0xC3), {});
  EXPECT_EQ(stream[16], 0xE0);
  EXPECT_EQ(Bytes(stream.begin() + 32, stream.end()), Bytes(16, 0xC3));
}

TEST(Vlc, Bf16OfOne) {
  // Exponent 127 with bias 127 codes as 0, guarded as 1: unary 01 each, U = 32; then 16 bytes sign and mantissa.
  Bytes plain;
  for (int i = 0; i < 16; ++i) plain.insert(plain.end(), {0x80, 0x3F});
  const auto stream = vlc_encode(plain, {.bf16 = true, .bias0 = 127, .zero_guard = true});
  EXPECT_EQ(stream[3], 0x20);
  EXPECT_EQ(stream[4], 127);
  EXPECT_EQ(stream[5], 0x80);
  EXPECT_EQ(stream[16], 16);  // 32 - 16
  EXPECT_EQ(stream[32], 0xAA);
  EXPECT_EQ(stream[35], 0xAA);
  EXPECT_EQ(stream[36], 0x00);
  EXPECT_EQ(stream.size(), 32u + 32u);  // 4 + 16 bytes, padded
}

TEST(Vlc, GuardedZerosLoseSignAndMantissa) {
  // -0 and a subnormal come back as 0; without the guard they survive.
  const auto plain = bytes_of({0x00, 0x80, 0x01, 0x00, 0x80, 0x3F});
  Bytes back(plain.size());
  vlc_decode(vlc_encode(plain, {.bf16 = true, .bias0 = 127, .zero_guard = true}), back);
  EXPECT_EQ(back, bytes_of({0, 0, 0, 0, 0x80, 0x3F}));
  vlc_decode(vlc_encode(plain, {.bf16 = true, .bias0 = 127}), back);
  EXPECT_EQ(back, plain);
}

// Data of several characters: raw, small, mostly zero.
Bytes data(std::mt19937_64& random, std::size_t size, int character) {
  Bytes bytes(size);
  for (auto& byte : bytes) {
    const auto word = random();
    byte = static_cast<std::uint8_t>(character == 0 ? word : character == 1 ? word % 9 - 4 : word % 4 ? 0 : word >> 8);
  }
  return bytes;
}

class VlcRoundTrip : public testing::TestWithParam<bool> {};

TEST_P(VlcRoundTrip, EveryBiasComesBack) {
  std::mt19937_64 random(7);
  for (unsigned bias = 0; bias < 256; ++bias) {
    for (int character = 0; character < 3; ++character) {
      for (const bool flag : {false, true}) {
        VlcParameters p{.bf16 = GetParam()};
        if (p.bf16) {
          p.bias0 = static_cast<std::uint8_t>(bias);
          p.zero_guard = flag;
        } else {
          if (bias >= 127) continue;
          p.is_signed = true;
          p.bias0 = static_cast<std::uint8_t>(bias);
          p.bias1 = static_cast<std::uint8_t>(flag ? 126 - bias : bias);
        }
        auto plain = data(random, 2 * (1 + random() % 100), character);
        if (p.zero_guard) {
          for (std::size_t i = 0; i < plain.size(); i += 2) {
            if ((plain[i + 1] & 0x7F) == 0 && (plain[i] & 0x80) == 0) plain[i] = plain[i + 1] = 0;
          }
        }
        auto stream = vlc_encode(plain, p);
        EXPECT_EQ(vlc_parameters(stream), p);
        Bytes back(plain.size());
        vlc_decode(stream, back);
        ASSERT_EQ(back, plain) << "bias " << bias << " character " << character << " flag " << flag;
        stream.resize(stream.size() + 64);
        Bytes fast(plain.size());
        ASSERT_TRUE(vlc_decode_fast(stream, fast));
        ASSERT_EQ(fast, plain);
      }
    }
  }
}

INSTANTIATE_TEST_SUITE_P(Types, VlcRoundTrip, testing::Bool(),
                         [](const auto& info) { return std::string(info.param ? "bf16" : "int8"); });

TEST(Vlc, UnsignedBytesComeBackWithoutRemapping) {
  std::mt19937_64 random(9);
  for (int character = 0; character < 3; ++character) {
    const auto plain = data(random, 1000, character);
    Bytes back(plain.size());
    vlc_decode(vlc_encode(plain, {}), back);
    EXPECT_EQ(back, plain);
  }
}

TEST(Vlc, CutStreamsAreRefused) {
  std::mt19937_64 random(3);
  const auto plain = data(random, 333, 1);
  const auto stream = vlc_encode(plain, {.is_signed = true});
  for (std::size_t size = 0; size < stream.size(); ++size) {
    Bytes back(plain.size());
    EXPECT_THROW(vlc_decode(std::span(stream).first(size), back), Error) << size;
    EXPECT_FALSE(vlc_decode_fast(std::span(stream).first(size), back)) << size;
  }
}

// Broken streams: both decoders agree, or the fast one leaves it to the other.
TEST(Vlc, BrokenStreamsEndInARefusalOrInBytes) {
  std::mt19937_64 random(5);
  int refused = 0, fast_agrees = 0;
  for (int round = 0; round < 4000; ++round) {
    VlcParameters p{.bf16 = random() % 2 == 0};
    p.bias0 = static_cast<std::uint8_t>(p.bf16 ? 127 : 0);
    p.zero_guard = p.bf16 && random() % 2;
    const auto plain = data(random, 2 * (1 + random() % 90), static_cast<int>(random() % 3));
    auto stream = vlc_encode(plain, p);
    for (auto left = 1 + random() % 3; left != 0; --left) stream[random() % stream.size()] ^= 1u << random() % 8;
    stream.resize(stream.size() + 64);
    Bytes back(plain.size()), fast(plain.size());
    bool good = true;
    try {
      vlc_decode(stream, back);
    } catch (const Error& error) {
      EXPECT_NE(error.kind(), ErrorKind::internal);
      good = false;
      ++refused;
    }
    bool fast_good = false;
    try {
      fast_good = vlc_decode_fast(stream, fast);
    } catch (const Error&) {
      ADD_FAILURE() << "the fast decoder does not throw";
    }
    if (!fast_good) continue;
    EXPECT_TRUE(good);
    EXPECT_EQ(fast, back);
    ++fast_agrees;
  }
  EXPECT_GT(refused, 100);
  EXPECT_GT(fast_agrees, 100);
}

TEST(Vlc, TooMuchIsRefused) { EXPECT_THROW(vlc_encode(Bytes((8 << 20) + 1), {}), Error); }

}  // namespace
}  // namespace vnpu::cv18xx
