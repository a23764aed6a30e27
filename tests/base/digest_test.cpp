#include "base/digest.h"

#include <gtest/gtest.h>

#include "base/bytes.h"

namespace vnpu {
namespace {

const Bytes text{'1', '2', '3', '4', '5', '6', '7', '8', '9'};

TEST(Digest, KnownAnswers) {
  EXPECT_EQ(crc32(text), 0xcbf43926U);  // the check value of CRC-32
  EXPECT_EQ(crc32_hex(text), "cbf43926");
  EXPECT_EQ(md5_hex(text), "25f9e794323b453885f5181f1b624d0b");
  EXPECT_EQ(sha256_hex(text), "15e2b0d3c33891ebb0f1ef609ec419420c20e320ce94c65fbc8c3312448eb225");
}

TEST(Digest, OfNothing) {
  EXPECT_EQ(crc32({}), 0U);
  EXPECT_EQ(crc32({}, 7), 7U);
  EXPECT_EQ(md5_hex({}), "d41d8cd98f00b204e9800998ecf8427e");
}

TEST(Digest, ContinuesOverPieces) {
  const std::span<const std::uint8_t> all(text);
  EXPECT_EQ(crc32(all.subspan(4), crc32(all.first(4))), crc32(all));
  Sha256 sha;
  sha.update(all.first(2));
  sha.update(all.subspan(2));
  EXPECT_EQ(sha.hex(), sha256_hex(all));
}

}  // namespace
}  // namespace vnpu
