// Archives read from memory, entry by entry: .tar, .tar.gz, .tar.xz and .zip, and single compressed files.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <string>

#include "base/bytes.h"
#include "base/error.h"

struct archive;
struct archive_entry;

namespace vnpu {

struct ArchiveLimits {
  std::uint64_t entry_bytes = std::uint64_t{1} << 30;  // one unpacked entry
  std::uint64_t total_bytes = std::uint64_t{4} << 30;  // all unpacked entries that were read or declared
  std::uint64_t entries = 1000000;
};

enum class ArchiveFormat { tar, zip };  // tar: plain or compressed with gzip or xz; zip: stored or deflated entries

// Walks the regular files of an archive in its order; directories, links and devices are passed over. The bytes must
// outlive the reader. Throws Error(damaged) for what cannot be read, Error(unsupported) for encrypted entries and
// beyond the limits, both with the offset of the entry's header in the unpacked archive.
class ArchiveReader {
 public:
  ArchiveReader(ByteView file, ArchiveFormat format, const ArchiveLimits& limits = {});
  // A plain tar that arrives in pieces: `next` fills its argument as far as it can and says how far; 0 is the end. What
  // it throws comes out of the reader's functions.
  using Source = std::function<std::size_t(std::span<std::uint8_t>)>;
  ArchiveReader(Source source, const ArchiveLimits& limits);

  bool next();  // to the next file; false at the end
  const std::string& path() const { return path_; }
  // Bytes of the current entry in their order; 0 at its end. Never more than limits.entry_bytes in all.
  std::size_t read(std::span<std::uint8_t> out);
  // What is left of the current entry; throws Error(damaged) beyond `limit` bytes.
  Bytes read_rest(std::uint64_t limit);

 private:
  [[noreturn]] void fail(const std::string& path = {}) const;
  [[noreturn]] void refuse(ErrorKind kind, const std::string& message) const;

  struct Close {
    void operator()(archive* handle) const;
  };
  struct Pieces;
  std::shared_ptr<Pieces> pieces_;  // before the handle, which reads from it until it is closed
  std::unique_ptr<archive, Close> handle_;
  ArchiveLimits limits_;
  std::string path_;
  std::uint64_t declared_ = 0, entry_bytes_ = 0, total_bytes_ = 0, entries_ = 0;
};

// Calls `visit(path, bytes)` for every regular file.
void for_each_entry(ByteView file, ArchiveFormat format, const ArchiveLimits& limits,
                    const std::function<void(const std::string& path, Bytes bytes)>& visit);

// A file compressed with xz or gzip; throws Error(damaged), or Error(unsupported) when it has more than `limit` bytes.
Bytes decompress(ByteView file, std::uint64_t limit = std::uint64_t{1} << 30);

// By the first bytes.
bool is_xz(ByteView file);
bool is_gzip(ByteView file);
bool is_zip(ByteView file);

}  // namespace vnpu
