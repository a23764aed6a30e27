#include "models/kmodel/kfpkg.h"

#include <algorithm>
#include <map>
#include <nlohmann/json.hpp>

#include "base/archive.h"
#include "base/digest.h"
#include "models/kmodel/cursor.h"

namespace vnpu::kmodel {
namespace {

using Json = nlohmann::json;

constexpr const char* list_name = "flash-list.json";
constexpr std::string_view known_version = "0.1.0";

Json parse_list(const Bytes& text) {
  try {
    return Json::parse(text.begin(), text.end());
  } catch (const Json::exception& error) {
    throw Error(ErrorKind::damaged, std::string(list_name) + ": " + error.what());
  }
}

std::uint32_t flash_address(const Json& entry) {
  const auto value = entry.at("address").get<std::uint64_t>();
  if (value > 0xffffffffu) throw Error(ErrorKind::damaged, std::string(list_name) + ": an address has over 32 bits");
  return static_cast<std::uint32_t>(value);
}

}  // namespace

bool looks_like_kfpkg(ByteView file) {
  const std::string_view name = list_name;
  return is_zip(file) &&
         std::search(file.data(), file.data() + file.size(), name.begin(), name.end()) != file.data() + file.size();
}

Bytes FlashFile::flash_bytes() const {
  if (!sha256_prefix) return bytes;
  Bytes out{0};  // not encrypted
  const auto size = static_cast<std::uint32_t>(bytes.size());
  for (int shift = 0; shift < 32; shift += 8) out.push_back(static_cast<std::uint8_t>(size >> shift));
  out.insert(out.end(), bytes.begin(), bytes.end());
  const auto digest = sha256(out);
  out.insert(out.end(), digest.begin(), digest.end());
  return out;
}

std::vector<FlashFile> read_kfpkg(ByteView file) {
  std::map<std::string, Bytes> entries;
  const ArchiveLimits limits{flash_limit, flash_limit, 1000};
  for_each_entry(file, ArchiveFormat::zip, limits,
                 [&](const std::string& path, Bytes bytes) { entries.insert_or_assign(path, std::move(bytes)); });
  const auto list_at = entries.find(list_name);
  if (list_at == entries.end()) {
    throw Error(ErrorKind::damaged, std::string("the archive has no ") + list_name + ", so it is no .kfpkg");
  }
  const auto list = parse_list(list_at->second);
  std::vector<FlashFile> out;
  std::uint64_t total = 0;
  try {
    if (const auto version = list.value("version", ""); version != known_version) {
      throw Error(ErrorKind::unsupported, std::string(list_name) + ": version '" + version + "' is not known");
    }
    for (const auto& entry : list.at("files")) {
      FlashFile flash;
      flash.name = entry.at("bin").get<std::string>();
      flash.address = flash_address(entry);
      flash.sha256_prefix = entry.value("sha256Prefix", false);
      const auto at = entries.find(flash.name);
      if (at == entries.end()) throw Error(ErrorKind::damaged, "the archive has no '" + flash.name + "'");
      total += at->second.size();
      if (total > flash_limit) throw Error(ErrorKind::unsupported, "the files have more bytes than any flash");
      flash.bytes = at->second;
      out.push_back(std::move(flash));
    }
  } catch (const Json::exception& error) {
    throw Error(ErrorKind::damaged, std::string(list_name) + ": " + error.what());
  }
  return out;
}

}  // namespace vnpu::kmodel
