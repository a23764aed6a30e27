// ZIP archives made in memory, and the models of tests/golden/k210, by "<version>/<case>" or "k210_errors/<file>".
#pragma once

#include <archive.h>
#include <archive_entry.h>

#include <map>
#include <string>
#include <utility>
#include <vector>

#include "base/archive.h"

namespace vnpu::kmodel {

// "v5" stands in two archives.
inline std::map<std::string, Bytes> golden_models(const std::string& archive) {
  if (archive == "v5") {
    auto out = golden_models("v5_first");
    out.merge(golden_models("v5_second"));
    return out;
  }
  std::map<std::string, Bytes> out;
  const auto bytes = read_file(std::string(VNPU_SOURCE_DIR) + "/tests/golden/k210/" + archive + ".tar.xz");
  for_each_entry(bytes, ArchiveFormat::tar, {}, [&](const std::string& path, Bytes file) {
    const auto slash = path.rfind('/');
    if (path.substr(slash + 1) == "model.kmodel") {
      out.emplace(path.substr(0, slash), std::move(file));
    } else if (path.ends_with(".kmodel")) {
      out.emplace(path.substr(slash + 1), std::move(file));
    }
  });
  return out;
}

inline Bytes zip(const std::vector<std::pair<std::string, std::string>>& files) {
  Bytes out(1 << 20);
  std::size_t used = 0;
  auto* writer = archive_write_new();
  archive_write_set_format_zip(writer);
  archive_write_open_memory(writer, out.data(), out.size(), &used);
  for (const auto& [name, content] : files) {
    auto* entry = archive_entry_new();
    archive_entry_set_pathname(entry, name.c_str());
    archive_entry_set_size(entry, static_cast<la_int64_t>(content.size()));
    archive_entry_set_filetype(entry, AE_IFREG);
    archive_write_header(writer, entry);
    archive_write_data(writer, content.data(), content.size());
    archive_entry_free(entry);
  }
  archive_write_close(writer);
  archive_write_free(writer);
  out.resize(used);
  return out;
}

}  // namespace vnpu::kmodel
