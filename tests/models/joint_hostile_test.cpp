// .joint files that claim or unpack to more than they are: refused with status, place and little memory.
#include <gtest/gtest.h>
#include <zlib.h>

#include "base/archive.h"
#include "base/error.h"
#include "models/joint/joint.h"
#include "tests/base/tar_writer.h"
#include "tests/models/protobuf_message.h"

namespace vnpu::joint {
namespace {

using Members = std::vector<std::pair<std::string, Bytes>>;

Bytes text(std::string_view in) { return {in.begin(), in.end()}; }

std::string repeated(std::string_view one, std::size_t count) {
  std::string out;
  for (std::size_t i = 0; i < count; ++i) out += one;
  return out;
}

// The smallest of our own golden models, taken apart.
const Members& sample() {
  static const auto members = [] {
    Bytes model;
    const auto archive = read_file(std::filesystem::path(VNPU_SOURCE_DIR) / "tests/golden/ax620/cases.tar.xz");
    for_each_entry(archive, ArchiveFormat::tar, {}, [&](const std::string& path, Bytes bytes) {
      if (path.ends_with("model.joint") && (model.empty() || bytes.size() < model.size())) model = std::move(bytes);
    });
    Members out;
    for_each_entry(decompress(ByteView(model)), ArchiveFormat::tar, {},
                   [&](const std::string& path, Bytes bytes) { out.emplace_back(path, std::move(bytes)); });
    return out;
  }();
  return members;
}

Members sample_and(const std::string& name, Bytes bytes) {
  Members out = sample();
  for (auto& [path, content] : out) {
    if (path != name) continue;
    content = std::move(bytes);
    return out;
  }
  out.emplace_back(name, std::move(bytes));
  return out;
}

// Plain, or packed by gzip.
Bytes tar(const Members& members, bool packed) {
  return make_tar(members, packed ? ARCHIVE_FILTER_GZIP : ARCHIVE_FILTER_NONE);
}

// A header that says what it likes, of a regular file or, by `kind`, of something else.
Bytes header(const std::string& name, const char* octal_size, char kind = '0') {
  Bytes out(512);
  const auto put = [&](std::size_t at, std::string_view what) {
    std::ranges::copy(what, out.begin() + static_cast<std::ptrdiff_t>(at));
  };
  put(0, name);
  put(100, "0000644");
  put(108, "0000000");
  put(116, "0000000");
  put(124, octal_size);
  put(136, "00000000000");
  put(148, "        ");
  out[156] = static_cast<std::uint8_t>(kind);
  put(257, std::string_view("ustar\00000", 8));
  unsigned sum = 0;
  for (const auto byte : out) sum += byte;
  std::snprintf(reinterpret_cast<char*>(out.data() + 148), 8, "%06o", sum);
  return out;
}

// What is said of the file; empty when it is read.
std::string refusal(const Bytes& file, ErrorKind kind, const Limits& limits = {}) {
  try {
    read(ByteView(file), limits);
    return {};
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), kind) << error.what();
    return error.what();
  }
}

bool says(const std::string& message, std::string_view what) { return message.find(what) != std::string::npos; }

TEST(JointHostile, SampleIsRead) {
  EXPECT_EQ(refusal(tar(sample(), true), ErrorKind::damaged), "");
  EXPECT_EQ(refusal(tar(sample(), false), ErrorKind::damaged), "");
}

TEST(JointHostile, PartsThatUnpackToMoreThanTheFileAreRefused) {
  for (const char* name : {"part_0.neu", "part_0.slim_neu", "part_1.axe"}) {
    const auto said = refusal(tar(sample_and(name, Bytes(24 << 20)), true), ErrorKind::unsupported);
    EXPECT_TRUE(says(said, name) && says(said, "limit") && says(said, "at byte 0x")) << said;
  }
  for (const char* name : {"topo.bin", "performance.json"}) {
    const auto said = refusal(tar(sample_and(name, Bytes(600 << 10)), true), ErrorKind::damaged);
    EXPECT_TRUE(says(said, name) && says(said, "more than 524288 bytes")) << said;
  }
}

TEST(JointHostile, SizesThatAreOnlyClaimedAreRefused) {
  for (const char* name : {"part_0.neu", "topo.bin", "other"}) {
    Bytes file = header(name, "77777777777");
    file.resize(2048);
    const auto said = refusal(file, ErrorKind::unsupported);
    EXPECT_TRUE(says(said, name) && says(said, "8589934591 bytes") && says(said, "at byte 0x0")) << said;
  }
}

TEST(JointHostile, ACutArchiveNamesMemberAndPlace) {
  const Bytes whole = tar(sample(), false);
  std::size_t named = 0;
  for (std::size_t size = 600; size < whole.size(); size += 64) {
    const auto said =
        refusal(Bytes(whole.begin(), whole.begin() + static_cast<std::ptrdiff_t>(size)), ErrorKind::damaged);
    named += says(said, "part_0.neu") || says(said, "topo.bin");
    EXPECT_TRUE(said.empty() || says(said, "at byte 0x") || says(said, "topo.bin")) << said;
  }
  EXPECT_GT(named, 10u);
}

TEST(JointHostile, ManyEntriesAreRefused) {
  Members many = sample();
  for (int i = 0; i < 64; ++i) many.emplace_back("e" + std::to_string(i), Bytes{});
  EXPECT_TRUE(says(refusal(tar(many, true), ErrorKind::unsupported), "more than 64 entries"));
}

TEST(JointHostile, PartsStandOnceAndAreFew) {
  Members twice = sample(), many = sample();
  twice.push_back(sample().back());
  EXPECT_TRUE(says(refusal(tar(twice, true), ErrorKind::damaged), sample().back().first + ": stands twice"));
  for (int i = 1; i < 9; ++i) {
    for (const auto& [path, bytes] : sample()) {
      if (path == "part_0.neu") many.emplace_back("part_" + std::to_string(i) + ".neu", bytes);
    }
  }
  EXPECT_TRUE(says(refusal(tar(many, true), ErrorKind::unsupported), "part_8.neu: more than 8 NEU parts"));
}

TEST(JointHostile, JsonOfManyLevelsIsRefused) {
  const std::string deep = repeated("[", 50'000) + repeated("]", 50'000);
  for (const auto& json :
       {deep, "{\"table_performance\":[[[" + deep + "]],[]]}", repeated("{\"a\":", 9) + "1" + repeated("}", 9)}) {
    const auto said = refusal(tar(sample_and("performance.json", text(json)), true), ErrorKind::damaged);
    EXPECT_TRUE(says(said, "performance.json") && says(said, "levels deep")) << said;
  }
}

TEST(JointHostile, MessagesThatBecomeLargeObjectsAreRefused) {
  const auto topology = [](const std::string& bytes) {
    return refusal(tar(sample_and("topo.bin", text(bytes)), true), ErrorKind::unsupported);
  };
  for (const unsigned field : {1U, 2U, 3U, 4U, 6U}) {  // two bytes each
    const auto said = topology(repeated(message(field, ""), 170'000));
    EXPECT_TRUE(says(said, "topo.bin") && says(said, "more memory")) << field << ": " << said;
  }
  EXPECT_TRUE(says(topology(repeated(message(1, ""), 65)), "more parts"));
  EXPECT_TRUE(says(topology(repeated(message(3, ""), 1025)), "inputs"));
}

TEST(JointHostile, MemoryFollowsTheFile) {
  Limits limits;
  limits.memory_ratio = 0;
  EXPECT_EQ(refusal(tar(sample(), true), ErrorKind::unsupported, limits), "");  // 8 MB are enough for it
  const Bytes file = tar(sample(), true);
  const Joint joint = read(ByteView(file));
  EXPECT_LT(joint.memory_left, Limits().memory(file.size()));
  EXPECT_GT(joint.memory_left, Limits().memory(file.size()) / 2);
}

TEST(JointHostile, SlimPartsAreNotKeptBesideTheWholeOne) {
  Members both = sample();
  both.emplace(both.begin(), "part_0.slim_neu", Bytes(1));
  for (const auto& [path, bytes] : sample()) {
    if (path == "part_0.neu") both.front().second = bytes;
  }
  const Bytes file = tar(both, true);
  const Joint joint = read(ByteView(file));
  ASSERT_EQ(joint.neus.size(), 2u);
  EXPECT_FALSE(joint.neus[1].command_list.empty());
}

}  // namespace
}  // namespace vnpu::joint
