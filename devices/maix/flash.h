// The SPI flash outside of its file system: where firmware and models are written at offsets.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>

#include "base/bytes.h"

namespace vnpu::devices::maix {

class Flash {
 public:
  // Kept in `file` (made when missing, erased = 0xFF), or in memory only. `reserved`: what lies behind is the file
  // system's.
  Flash(std::uint64_t bytes, std::uint64_t reserved, std::optional<std::filesystem::path> file);

  std::uint64_t size() const { return bytes_.size(); }
  ByteView view() const { return bytes_; }
  // Throws Error(usage) for what does not fit before the file system.
  void write(std::uint64_t address, ByteView bytes);

  struct Written {
    std::uint64_t address = 0, bytes = 0;
    std::string name;
  };
  // As kflash does: a .kfpkg at the places its list says (`address` then must be absent), or one file at `address`.
  std::vector<Written> program(ByteView file, const std::string& name, std::optional<std::uint64_t> address);

 private:
  void save(std::uint64_t address, std::uint64_t size);

  Bytes bytes_;
  std::uint64_t reserved_;
  std::optional<std::filesystem::path> file_;
};

}  // namespace vnpu::devices::maix
