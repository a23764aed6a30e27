#include "devices/maix/flash.h"

#include <algorithm>
#include <fstream>

#include "base/error.h"
#include "models/kmodel/kfpkg.h"

namespace vnpu::devices::maix {

namespace {

std::string hex(std::uint64_t value) {
  char text[20];
  std::snprintf(text, sizeof text, "0x%llx", static_cast<unsigned long long>(value));
  return text;
}

}  // namespace

Flash::Flash(std::uint64_t bytes, std::uint64_t reserved, std::optional<std::filesystem::path> file)
    : bytes_(bytes, std::uint8_t{0xff}), reserved_(reserved), file_(std::move(file)) {
  if (!file_) return;
  if (std::filesystem::exists(*file_)) {
    const Bytes kept = read_file(*file_, bytes);
    std::copy(kept.begin(), kept.end(), bytes_.begin());
  } else {
    std::error_code ignored;
    std::filesystem::create_directories(file_->parent_path(), ignored);
    std::ofstream(*file_, std::ios::binary).close();
    save(0, bytes_.size());
  }
}

void Flash::write(std::uint64_t address, ByteView bytes) {
  if (address > reserved_ || bytes.size() > reserved_ - address)
    throw Error(ErrorKind::usage, std::to_string(bytes.size()) + " bytes at " + hex(address) +
                                      " do not fit into the flash: its file system begins at " + hex(reserved_));
  std::copy_n(bytes.data(), bytes.size(), bytes_.begin() + static_cast<std::ptrdiff_t>(address));
  save(address, bytes.size());
}

std::vector<Flash::Written> Flash::program(ByteView file, const std::string& name,
                                           std::optional<std::uint64_t> address) {
  std::vector<Written> out;
  if (!address) {
    if (!kmodel::looks_like_kfpkg(file))
      throw Error(ErrorKind::usage, name + " is no .kfpkg: say where it goes with --at ADDRESS");
    for (const auto& part : kmodel::read_kfpkg(file)) {
      const Bytes bytes = part.flash_bytes();
      write(part.address, bytes);
      out.push_back({part.address, bytes.size(), part.name});
    }
    return out;
  }
  if (kmodel::looks_like_kfpkg(file))
    throw Error(ErrorKind::usage, name + " is a .kfpkg, which says itself where its files go: leave --at out");
  write(*address, file);
  out.push_back({*address, file.size(), name});
  return out;
}

void Flash::save(std::uint64_t address, std::uint64_t size) {
  if (!file_) return;
  std::fstream out(*file_, std::ios::binary | std::ios::in | std::ios::out);
  out.seekp(static_cast<std::streamoff>(address));
  out.write(reinterpret_cast<const char*>(bytes_.data() + address), static_cast<std::streamsize>(size));
  out.close();
  if (!out) throw Error(ErrorKind::usage, file_->string() + " cannot be written");
}

}  // namespace vnpu::devices::maix
