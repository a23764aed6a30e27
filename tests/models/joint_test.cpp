// .joint files that are cut, changed, inflated or another chip's.
#include "models/joint/joint.h"

#include <gtest/gtest.h>
#include <zlib.h>

#include <map>

#include "base/archive.h"
#include "base/error.h"

namespace vnpu::joint {
namespace {

// The files of our own golden cases.
const std::map<std::string, Bytes>& samples() {
  static const auto files = [] {
    std::map<std::string, Bytes> out;
    const auto archive = read_file(std::filesystem::path(VNPU_SOURCE_DIR) / "tests/golden/ax620/cases.tar.xz");
    for_each_entry(archive, ArchiveFormat::tar, {}, [&](const std::string& path, Bytes bytes) {
      if (path.ends_with("model.joint")) out.emplace(path, std::move(bytes));
    });
    return out;
  }();
  return files;
}

const Bytes& sample() { return samples().begin()->second; }

Bytes unpacked(const Bytes& file) { return decompress(ByteView(file)); }

Bytes gzip(const Bytes& bytes) {
  z_stream z{};
  EXPECT_EQ(deflateInit2(&z, 9, Z_DEFLATED, 15 + 16, 8, Z_DEFAULT_STRATEGY), Z_OK);
  Bytes out(deflateBound(&z, bytes.size()));
  z.next_in = const_cast<Bytef*>(bytes.data());
  z.avail_in = static_cast<uInt>(bytes.size());
  z.next_out = out.data();
  z.avail_out = static_cast<uInt>(out.size());
  EXPECT_EQ(deflate(&z, Z_FINISH), Z_STREAM_END);
  out.resize(z.total_out);
  deflateEnd(&z);
  return out;
}

// Empty when the file is read.
std::string refusal(const Bytes& file, ErrorKind* kind = nullptr) {
  try {
    read(ByteView(file));
    return {};
  } catch (const Error& error) {
    EXPECT_TRUE(error.kind() == ErrorKind::damaged || error.kind() == ErrorKind::unsupported) << error.what();
    if (kind) *kind = error.kind();
    return error.what();
  }
}

TEST(Joint, ReadsEverySample) {
  ASSERT_EQ(samples().size(), 57u);
  for (const auto& [path, file] : samples()) {
    const Joint joint = read(ByteView(file));
    EXPECT_EQ(joint.container, "gzip+tar");
    EXPECT_EQ(joint.topology.value().tool_version, "0.0.0.1");
    EXPECT_EQ(joint.topology->tool_commit, "own");
    const Neu& neu = joint.main();
    EXPECT_EQ(neu.member, "part_0.neu");
    EXPECT_FALSE(neu.command_list.empty()) << path;
    EXPECT_EQ(neu.tensors.size(), joint.topology->input_names.size() + joint.topology->output_names.size());
    EXPECT_EQ(neu.image.size(), neu.parameters.front().size);
  }
}

TEST(Joint, PlainTarAndBarePartAreRead) {
  const Bytes tar = unpacked(sample());
  EXPECT_EQ(read(ByteView(tar)).container, "tar");
  for_each_entry(tar, ArchiveFormat::tar, {}, [](const std::string& path, const Bytes& bytes) {
    if (path != "part_0.neu") return;
    const Joint bare = read(ByteView(bytes));
    EXPECT_EQ(bare.container, "neu");
    EXPECT_FALSE(bare.topology);
    EXPECT_FALSE(bare.main().command_list.empty());
  });
}

TEST(Joint, EveryCutIsRefused) {
  for (std::size_t size = 0; size < sample().size(); size += 7) {
    EXPECT_NE(refusal(Bytes(sample().begin(), sample().begin() + static_cast<std::ptrdiff_t>(size))), "") << size;
  }
}

TEST(Joint, EveryFlippedByteIsRefused) {  // the packed form has check sums
  for (std::size_t at = 0; at < sample().size(); at += 3) {
    Bytes file = sample();
    file[at] ^= 0x41;
    if (at >= 3 && at < 10) continue;  // gzip's flags, time and system: nothing of the model
    EXPECT_NE(refusal(file), "") << at;
  }
}

TEST(Joint, DamageBehindTheChecksumNeverCrashes) {
  const Bytes tar = unpacked(sample());
  std::size_t refused = 0;
  for (std::size_t at = 0; at < tar.size(); at += 5) {
    Bytes changed = tar;
    changed[at] = static_cast<std::uint8_t>(changed[at] + 0x81);
    refused += !refusal(changed).empty();
  }
  EXPECT_GT(refused, 100u);
}

TEST(Joint, WhatIsMissingIsNamed) {
  const Bytes tar = unpacked(sample());
  Bytes renamed = tar;  // "topo.bin" is the first member: its header's check sum holds the name
  renamed[0] = 'T';
  const auto sum = [](Bytes& header) {
    std::fill_n(header.begin() + 148, 8, ' ');
    unsigned total = 0;
    for (std::size_t i = 0; i < 512; ++i) total += header[i];
    std::snprintf(reinterpret_cast<char*>(header.data() + 148), 8, "%06o", total);
  };
  sum(renamed);
  EXPECT_NE(refusal(renamed).find("topo.bin"), std::string::npos);
  EXPECT_NE(refusal(gzip(Bytes(600, 'x'))).find("ustar"), std::string::npos);
  EXPECT_NE(refusal({}).find("empty"), std::string::npos);
}

TEST(Joint, AnotherChipIsRefusedByName) {
  Bytes tar = unpacked(sample());
  const std::string name = "ax620_model";
  const auto at = std::search(tar.begin(), tar.end(), name.begin(), name.end());
  ASSERT_NE(at, tar.end());
  at[2] = '6', at[3] = '3';
  ErrorKind kind{};
  EXPECT_NE(refusal(tar, &kind).find("ax630_model"), std::string::npos);
  EXPECT_EQ(kind, ErrorKind::unsupported);
}

TEST(Joint, BombsAreRefusedBeforeTheyUnpack) {
  // 200 MB of zeros in 200 kB: not an archive; and behind an archive's end.
  EXPECT_NE(refusal(gzip(Bytes(std::size_t{200} << 20))).find("ustar"), std::string::npos);
  Bytes longer = unpacked(sample());
  longer.resize(std::size_t{50} << 20);
  EXPECT_NE(refusal(gzip(longer)).find("unpacks to more than the limit"), std::string::npos);
  // A member that says it has 8 GB.
  Bytes tar = unpacked(sample());
  std::memcpy(tar.data() + 124, "77777777777", 11);
  std::fill_n(tar.begin() + 148, 8, ' ');
  unsigned total = 0;
  for (std::size_t i = 0; i < 512; ++i) total += tar[i];
  std::snprintf(reinterpret_cast<char*>(tar.data() + 148), 8, "%06o", total);
  EXPECT_NE(refusal(tar).find("limit"), std::string::npos);
}

TEST(Joint, LimitsAreTheCallers) {
  Limits limits;
  limits.command_bytes = 100;
  EXPECT_THROW(read(ByteView(sample()), limits), Error);
  limits = {};
  limits.container_bytes = 2000;
  EXPECT_THROW(read(ByteView(sample()), limits), Error);
}

}  // namespace
}  // namespace vnpu::joint
