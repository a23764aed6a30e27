// Tar archives for tests, written by libarchive.
#pragma once

#include <archive.h>
#include <archive_entry.h>

#include <string>
#include <utility>
#include <vector>

#include "base/bytes.h"

namespace vnpu {

// Paths that end with '/' are folders. `filter`: ARCHIVE_FILTER_NONE, _GZIP, ...
inline Bytes make_tar(const std::vector<std::pair<std::string, Bytes>>& files, int filter) {
  std::size_t room = 4 << 20, used = 0;
  for (const auto& [path, bytes] : files) room += bytes.size();
  Bytes out(room);
  archive* handle = archive_write_new();
  archive_write_set_format_ustar(handle);
  archive_write_add_filter(handle, filter);
  archive_write_open_memory(handle, out.data(), out.size(), &used);
  for (const auto& [path, bytes] : files) {
    archive_entry* entry = archive_entry_new();
    archive_entry_set_pathname(entry, path.c_str());
    archive_entry_set_filetype(entry, path.ends_with('/') ? AE_IFDIR : AE_IFREG);
    archive_entry_set_perm(entry, 0644);
    archive_entry_set_size(entry, static_cast<la_int64_t>(bytes.size()));
    archive_write_header(handle, entry);
    archive_write_data(handle, bytes.data(), bytes.size());
    archive_entry_free(entry);
  }
  archive_write_close(handle);
  archive_write_free(handle);
  out.resize(used);
  return out;
}

}  // namespace vnpu
