// The models of tests/golden/k210, by "<version>/<case>" or "k210_errors/<file>".
#pragma once

#include <map>
#include <string>

#include "base/archive.h"

namespace vnpu::kmodel {

inline std::map<std::string, Bytes> golden_models(const std::string& archive) {
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

}  // namespace vnpu::kmodel
