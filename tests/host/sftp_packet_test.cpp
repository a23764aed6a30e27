#include "host/ssh/sftp_packet.h"

#include <gtest/gtest.h>

#include "base/error.h"

namespace vnpu::ssh::sftp {
namespace {

TEST(SftpPacket, AttributesComeBackAsWritten) {
  Attributes attributes;
  attributes.size = 0x123456789abcdef0;
  attributes.owner = Owner{1, 2};
  attributes.permissions = 0100644;
  attributes.times = Times{3, 4};
  Bytes out;
  Writer(out, Type::attrs).u32(7).attributes(attributes).finish();
  const Bytes begin{0, 0, 0, 37, 105, 0, 0, 0, 7, 0, 0, 0, 15, 0x12, 0x34};
  EXPECT_EQ(Bytes(out.begin(), out.begin() + 15), begin);
  Reader in(ByteSpan(out).subspan(9));
  const Attributes back = in.attributes();
  EXPECT_EQ(back.size, attributes.size);
  EXPECT_EQ(back.owner->group, 2u);
  EXPECT_EQ(back.permissions, attributes.permissions);
  EXPECT_EQ(back.times->modification, 4u);
  EXPECT_TRUE(in.rest().empty());
}

TEST(SftpPacket, RequestsAreParsed) {
  Bytes out;
  Writer(out, Type::write).u32(5).text("h").u64(9).text("data").finish();
  const Request request = parse_request(ByteSpan(out).subspan(4));
  EXPECT_EQ(request.type, Type::write);
  EXPECT_EQ(request.id, 5u);
  EXPECT_EQ(request.handle, "h");
  EXPECT_EQ(request.offset, 9u);
  EXPECT_EQ(std::string(request.data.begin(), request.data.end()), "data");
}

TEST(SftpPacket, EveryCutIsAnError) {
  Bytes out;
  Attributes attributes;
  attributes.times = Times{1, 2};
  Writer(out, Type::open).u32(5).text("name").u32(open_read).attributes(attributes).finish();
  const ByteSpan whole = ByteSpan(out).subspan(4);
  EXPECT_NO_THROW(parse_request(whole));
  for (std::size_t length = 0; length < whole.size(); ++length)
    EXPECT_THROW(parse_request(whole.first(length)), Error) << length;
}

TEST(SftpPacket, PathsWithZeroBytesOrWithoutEndAreRefused) {
  Bytes out;
  Writer(out, Type::stat).u32(1).text(std::string("a\0b", 3)).finish();
  EXPECT_THROW(parse_request(ByteSpan(out).subspan(4)), Error);
  Bytes endless;
  Writer(endless, Type::stat).u32(1).text(std::string(max_path + 1, 'a')).finish();
  try {
    parse_request(ByteSpan(endless).subspan(4));
    FAIL();
  } catch (const Error& error) {
    EXPECT_EQ(error.field(), "path");
    EXPECT_EQ(error.offset().value(), 5u);
  }
}

TEST(SftpPacket, TheFramerFindsPacketsHoweverTheStreamIsCut) {
  Bytes stream;
  for (std::uint32_t id = 0; id < 50; ++id) Writer(stream, Type::stat).u32(id).text(std::string(id * 7, 'p')).finish();
  for (const std::size_t piece : {std::size_t{1}, std::size_t{3}, std::size_t{64}, stream.size()}) {
    Framer framer;
    std::uint32_t found = 0;
    for (std::size_t at = 0; at < stream.size(); at += piece) {
      framer.feed(ByteSpan(stream).subspan(at, std::min(piece, stream.size() - at)));
      while (const auto packet = framer.next()) EXPECT_EQ(parse_request(*packet).id, found++);
    }
    EXPECT_EQ(found, 50u);
    EXPECT_EQ(framer.buffered(), 0u);
  }
}

TEST(SftpPacket, ImpossibleLengthsAreRefused) {
  for (const Bytes& bytes : {Bytes{0, 0, 0, 0}, Bytes{0xff, 0xff, 0xff, 0xff}, Bytes{0, 4, 4, 1}}) {
    Framer framer;
    framer.feed(bytes);
    EXPECT_THROW(framer.next(), Error);
  }
}

}  // namespace
}  // namespace vnpu::ssh::sftp
