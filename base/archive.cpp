#include "base/archive.h"

#include <archive.h>
#include <archive_entry.h>

#include <algorithm>
#include <array>
#include <exception>

#include "base/error.h"

namespace vnpu {
namespace {

constexpr std::size_t chunk = std::size_t{1} << 20;

bool starts_with(ByteView file, std::string_view magic) {
  return file.size() >= magic.size() && std::equal(magic.begin(), magic.end(), file.data(), [](char a, std::uint8_t b) {
           return static_cast<std::uint8_t>(a) == b;
         });
}

// Grows with what arrives: a size that is only `expected` takes addresses, no memory.
template <class Read>
Bytes gather(std::uint64_t limit, std::uint64_t expected, const Read& read, const std::function<void()>& too_many) {
  Bytes out;
  out.reserve(std::min({limit, expected, std::uint64_t{64} << 20}));
  std::uint64_t used = 0;
  for (;;) {
    if (used == out.size()) {
      if (used == limit || (used == expected && used != 0)) {  // there should be nothing more
        std::uint8_t one;
        if (read(std::span(&one, 1)) == 0) break;
        if (used == limit) too_many();
        out.push_back(one);
        ++used;
      }
      const auto more = used < out.capacity() ? std::min<std::uint64_t>(out.capacity(), used + chunk)
                                              : std::max<std::uint64_t>(used * 2, 4096);
      out.resize(std::min(limit, more));
      if (used == out.size()) continue;
    }
    const auto got = read(std::span(out).subspan(used, std::min<std::uint64_t>(chunk, out.size() - used)));
    if (got == 0) break;
    used += got;
  }
  out.resize(used);
  return out;
}

}  // namespace

// What libarchive, which knows no exceptions, reads a source through.
struct ArchiveReader::Pieces {
  Source source;
  std::array<std::uint8_t, 65536> piece;
  std::exception_ptr thrown;

  static la_ssize_t read(archive*, void* self, const void** bytes) {
    auto& pieces = *static_cast<Pieces*>(self);
    try {
      *bytes = pieces.piece.data();
      return static_cast<la_ssize_t>(pieces.source(pieces.piece));
    } catch (...) {
      pieces.thrown = std::current_exception();
      return -1;
    }
  }
};

void ArchiveReader::Close::operator()(archive* handle) const { archive_read_free(handle); }

ArchiveReader::ArchiveReader(ByteView file, ArchiveFormat format, const ArchiveLimits& limits)
    : handle_(archive_read_new()), limits_(limits) {
  if (!handle_) throw Error(ErrorKind::internal, "libarchive gives no reader");
  if (format == ArchiveFormat::tar) {
    archive_read_support_format_tar(handle_.get());
    archive_read_support_filter_gzip(handle_.get());
    archive_read_support_filter_xz(handle_.get());
  } else {
    archive_read_support_format_zip_seekable(handle_.get());
  }
  if (file.size() == 0) throw Error(ErrorKind::damaged, "archive: empty file");
  if (archive_read_open_memory(handle_.get(), file.data(), file.size()) != ARCHIVE_OK) fail();
}

ArchiveReader::ArchiveReader(Source source, const ArchiveLimits& limits)
    : pieces_(std::make_shared<Pieces>()), handle_(archive_read_new()), limits_(limits) {
  if (!handle_) throw Error(ErrorKind::internal, "libarchive gives no reader");
  pieces_->source = std::move(source);
  archive_read_support_format_tar(handle_.get());
  if (archive_read_open(handle_.get(), pieces_.get(), nullptr, Pieces::read, nullptr) != ARCHIVE_OK) fail();
}

void ArchiveReader::refuse(ErrorKind kind, const std::string& message) const {
  const auto at = archive_read_header_position(handle_.get());
  throw Error(kind, static_cast<std::uint64_t>(std::max<la_int64_t>(at, 0)), "archive", message);
}

void ArchiveReader::fail(const std::string& path) const {
  if (pieces_ && pieces_->thrown) std::rethrow_exception(pieces_->thrown);
  const char* text = archive_error_string(handle_.get());
  refuse(ErrorKind::damaged, (path.empty() ? "" : path + ": ") + (text ? text : "cannot be read"));
}

bool ArchiveReader::next() {
  for (;;) {
    archive_entry* entry = nullptr;
    const int status = archive_read_next_header(handle_.get(), &entry);
    if (status == ARCHIVE_EOF) return false;
    if (status < ARCHIVE_WARN) fail();
    if (++entries_ > limits_.entries) {
      refuse(ErrorKind::unsupported, "more than " + std::to_string(limits_.entries) + " entries");
    }
    const char* name = archive_entry_pathname_utf8(entry);
    if (!name) name = archive_entry_pathname(entry);
    if (!name) refuse(ErrorKind::damaged, "entry " + std::to_string(entries_) + " has no readable name");
    path_ = name;
    entry_bytes_ = declared_ = 0;
    // A skipped entry is unpacked too, so its declared size counts before it is looked at.
    const auto declared = archive_entry_size_is_set(entry)
                              ? static_cast<std::uint64_t>(std::max<la_int64_t>(0, archive_entry_size(entry)))
                              : 0;
    if (declared > limits_.entry_bytes || declared > limits_.total_bytes - total_bytes_) {
      refuse(ErrorKind::unsupported, path_ + ": " + std::to_string(declared) + " bytes, more than the limit");
    }
    if (archive_entry_is_encrypted(entry)) {
      refuse(ErrorKind::unsupported, path_ + ": is encrypted");
    }
    declared_ = declared;
    if (archive_entry_filetype(entry) == AE_IFREG && !archive_entry_hardlink(entry)) return true;
    total_bytes_ += declared;
  }
}

std::size_t ArchiveReader::read(std::span<std::uint8_t> out) {
  if (out.empty()) return 0;
  const auto got = archive_read_data(handle_.get(), out.data(), out.size());
  if (got < 0) fail(path_);
  entry_bytes_ += static_cast<std::uint64_t>(got);
  total_bytes_ += static_cast<std::uint64_t>(got);
  if (entry_bytes_ > limits_.entry_bytes || total_bytes_ > limits_.total_bytes) {
    refuse(ErrorKind::unsupported, path_ + ": unpacks to more than the limit");
  }
  return static_cast<std::size_t>(got);
}

Bytes ArchiveReader::read_rest(std::uint64_t limit) {
  return gather(
      limit, declared_, [this](std::span<std::uint8_t> out) { return read(out); },
      [this, limit] { refuse(ErrorKind::damaged, path_ + ": more than " + std::to_string(limit) + " bytes"); });
}

void for_each_entry(ByteView file, ArchiveFormat format, const ArchiveLimits& limits,
                    const std::function<void(const std::string& path, Bytes bytes)>& visit) {
  ArchiveReader reader(file, format, limits);
  while (reader.next()) visit(reader.path(), reader.read_rest(limits.entry_bytes));
}

Bytes decompress(ByteView file, std::uint64_t limit) {
  if (!is_xz(file) && !is_gzip(file))
    throw Error(ErrorKind::damaged, file.file_offset(), "magic", "neither xz nor gzip");
  struct Free {
    void operator()(archive* handle) const { archive_read_free(handle); }
  };
  const std::unique_ptr<archive, Free> handle(archive_read_new());
  if (!handle) throw Error(ErrorKind::internal, "libarchive gives no reader");
  archive_read_support_format_raw(handle.get());
  archive_read_support_filter_gzip(handle.get());
  archive_read_support_filter_xz(handle.get());
  const auto check = [&](la_ssize_t status) {
    if (status >= ARCHIVE_WARN && status != ARCHIVE_EOF) return;
    const char* text = archive_error_string(handle.get());
    throw Error(ErrorKind::damaged, std::string("compressed file: ") + (text ? text : "cannot be read"));
  };
  check(archive_read_open_memory(handle.get(), file.data(), file.size()));
  archive_entry* entry = nullptr;
  const int header = archive_read_next_header(handle.get(), &entry);
  if (header == ARCHIVE_EOF) return {};
  check(header);
  return gather(
      limit, 0,
      [&](std::span<std::uint8_t> out) {
        const auto got = archive_read_data(handle.get(), out.data(), out.size());
        if (got < 0) check(ARCHIVE_FATAL);
        return static_cast<std::size_t>(got);
      },
      [limit] {
        throw Error(ErrorKind::unsupported, "compressed file: more than " + std::to_string(limit) + " bytes");
      });
}

bool is_xz(ByteView file) {
  return starts_with(file, std::string_view("\xfd"
                                            "7zXZ\0",
                                            6));
}
bool is_gzip(ByteView file) { return starts_with(file, "\x1f\x8b"); }
bool is_zip(ByteView file) { return starts_with(file, "PK\x03\x04") || starts_with(file, "PK\x05\x06"); }

}  // namespace vnpu
