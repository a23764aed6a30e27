#include "base/archive.h"

#include <archive.h>
#include <archive_entry.h>
#include <gtest/gtest.h>

#include "base/error.h"
#include "tests/base/tar_writer.h"

namespace vnpu {
namespace {

using Files = std::vector<std::pair<std::string, Bytes>>;

Files read_tar(const Bytes& file, const ArchiveLimits& limits = {}) {
  Files out;
  for_each_entry(file, ArchiveFormat::tar, limits,
                 [&](const std::string& path, Bytes bytes) { out.emplace_back(path, std::move(bytes)); });
  return out;
}

ErrorKind kind_of(const std::function<void()>& call) {
  try {
    call();
  } catch (const Error& error) {
    return error.kind();
  }
  ADD_FAILURE() << "no error";
  return ErrorKind::internal;
}

const Files some{{"dir/", {}}, {"dir/a.txt", {1, 2, 3}}, {"dir/empty", {}}, {"b", Bytes(100000, 7)}};

TEST(Archive, TarPlainAndCompressed) {
  for (const int filter : {ARCHIVE_FILTER_NONE, ARCHIVE_FILTER_GZIP, ARCHIVE_FILTER_XZ}) {
    const auto files = read_tar(make_tar(some, filter));
    EXPECT_EQ(files, (Files{some.begin() + 1, some.end()})) << filter;
  }
}

TEST(Archive, LimitsHold) {
  const auto file = make_tar(some, ARCHIVE_FILTER_XZ);
  EXPECT_EQ(kind_of([&] { read_tar(file, {.entry_bytes = 99999}); }), ErrorKind::unsupported);
  EXPECT_EQ(kind_of([&] { read_tar(file, {.total_bytes = 100002}); }), ErrorKind::unsupported);
  EXPECT_EQ(kind_of([&] { read_tar(file, {.entries = 3}); }), ErrorKind::unsupported);
  EXPECT_EQ(read_tar(file, {.entry_bytes = 100000, .total_bytes = 100003, .entries = 4}).size(), 3U);
}

TEST(Archive, DamageIsFound) {
  auto file = make_tar(some, ARCHIVE_FILTER_XZ);
  file.resize(file.size() / 2);
  EXPECT_EQ(kind_of([&] { read_tar(file); }), ErrorKind::damaged);
  EXPECT_EQ(kind_of([] { read_tar({}); }), ErrorKind::damaged);
  EXPECT_EQ(kind_of([] { read_tar(Bytes(1000, 42)); }), ErrorKind::damaged);
}

TEST(Archive, SingleCompressedFile) {
  const Bytes plain(300000, 9);
  for (const int filter : {ARCHIVE_FILTER_GZIP, ARCHIVE_FILTER_XZ}) {
    Bytes packed(1 << 20);
    std::size_t used = 0;
    archive* handle = archive_write_new();
    archive_write_set_format_raw(handle);
    archive_write_add_filter(handle, filter);
    archive_write_open_memory(handle, packed.data(), packed.size(), &used);
    archive_entry* entry = archive_entry_new();
    archive_entry_set_filetype(entry, AE_IFREG);
    archive_write_header(handle, entry);
    archive_write_data(handle, plain.data(), plain.size());
    archive_entry_free(entry);
    archive_write_close(handle);
    archive_write_free(handle);
    packed.resize(used);
    EXPECT_EQ(decompress(packed), plain);
    EXPECT_EQ(decompress(packed, plain.size()), plain);
    EXPECT_EQ(kind_of([&] { decompress(packed, plain.size() - 1); }), ErrorKind::unsupported);
    packed.resize(used / 2);
    EXPECT_EQ(kind_of([&] { decompress(packed); }), ErrorKind::damaged);
  }
  EXPECT_EQ(kind_of([] { decompress(Bytes{1, 2, 3}); }), ErrorKind::damaged);
}

}  // namespace
}  // namespace vnpu
