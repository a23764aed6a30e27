// A .kfpkg: a ZIP archive of files and the places in flash where they go. Source of the facts: docs/kmodel.md.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/bytes.h"

namespace vnpu::kmodel {

struct FlashFile {
  std::uint32_t address = 0;   // byte in flash
  std::string name;            // in the archive
  bool sha256_prefix = false;  // firmware: written with a header and a digest around it
  Bytes bytes;

  // What is written to flash at the address.
  Bytes flash_bytes() const;
};

constexpr std::uint64_t flash_limit = 64u << 20;  // bytes of all files together

// True for a ZIP archive that names a flash-list.json.
bool looks_like_kfpkg(ByteView file);
// In the order of flash-list.json. Throws Error(damaged) for an archive or list that cannot be read or a file that is
// missing, Error(unsupported) beyond the limit or for a list of another version.
std::vector<FlashFile> read_kfpkg(ByteView file);

}  // namespace vnpu::kmodel
