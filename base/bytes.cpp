#include "base/bytes.h"

#include <cerrno>
#include <fstream>
#include <system_error>

#include "base/error.h"

namespace vnpu {

ByteView ByteView::sub(std::uint64_t at, std::uint64_t size, const char* field) const {
  if (at > bytes_.size() || size > bytes_.size() - at) {
    throw Error(ErrorKind::damaged, origin_ + at, field,
                "needs " + std::to_string(size) + " bytes, " +
                    std::to_string(at > bytes_.size() ? 0 : bytes_.size() - at) + " are left (truncated?)");
  }
  return ByteView(bytes_.subspan(at, size), origin_ + at);
}

ByteView ByteView::from(std::uint64_t at, const char* field) const {
  return sub(at, at > bytes_.size() ? 1 : bytes_.size() - at, field);
}

Bytes read_file(const std::filesystem::path& path, std::uint64_t limit) {
  std::ifstream in(path, std::ios::binary | std::ios::ate);
  if (!in || std::filesystem::is_directory(path)) {
    throw Error(ErrorKind::damaged,
                path.string() + ": cannot be opened: " + std::generic_category().message(errno ? errno : EISDIR));
  }
  const auto size = static_cast<std::uint64_t>(in.tellg());
  if (size > limit) {
    throw Error(ErrorKind::unsupported, path.string() + ": " + std::to_string(size) +
                                            " bytes, more than the limit of " + std::to_string(limit));
  }
  Bytes bytes(size);
  in.seekg(0);
  if (!in.read(reinterpret_cast<char*>(bytes.data()), static_cast<std::streamsize>(size))) {
    throw Error(ErrorKind::damaged, path.string() + ": read failed");
  }
  return bytes;
}

void write_file(const std::filesystem::path& path, std::span<const std::uint8_t> bytes) {
  auto part = path;
  part += ".part";
  {
    std::ofstream out(part, std::ios::binary | std::ios::trunc);
    out.write(reinterpret_cast<const char*>(bytes.data()), static_cast<std::streamsize>(bytes.size()));
    out.flush();
    if (!out) throw Error(ErrorKind::usage, path.string() + ": cannot be written");
  }
  std::filesystem::rename(part, path);
}

}  // namespace vnpu
