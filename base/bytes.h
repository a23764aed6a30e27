// Byte buffers and the only way hostile bytes are read: a view that cannot be read past its end.
#pragma once

#include <cstdint>
#include <cstring>
#include <filesystem>
#include <span>
#include <string>
#include <vector>

namespace vnpu {

using Bytes = std::vector<std::uint8_t>;

// A read-only window on bytes that remembers where it lies in its file, so that every error names the file offset.
// All integers are little endian. Every read checks the bounds and throws Error(damaged, offset, field, ...).
class ByteView {
 public:
  ByteView() = default;
  ByteView(std::span<const std::uint8_t> bytes, std::uint64_t file_offset = 0) : bytes_(bytes), origin_(file_offset) {}
  ByteView(const Bytes& bytes) : bytes_(bytes) {}

  std::uint64_t size() const { return bytes_.size(); }
  std::uint64_t file_offset() const { return origin_; }  // of byte 0 of this view
  const std::uint8_t* data() const { return bytes_.data(); }
  std::span<const std::uint8_t> span() const { return bytes_; }

  std::uint8_t u8(std::uint64_t at, const char* field) const { return read<std::uint8_t>(at, field); }
  std::uint16_t u16(std::uint64_t at, const char* field) const { return read<std::uint16_t>(at, field); }
  std::uint32_t u32(std::uint64_t at, const char* field) const { return read<std::uint32_t>(at, field); }
  std::uint64_t u64(std::uint64_t at, const char* field) const { return read<std::uint64_t>(at, field); }
  float f32(std::uint64_t at, const char* field) const { return read<float>(at, field); }

  // `size` bytes from `at`; throws when they are not all there.
  ByteView sub(std::uint64_t at, std::uint64_t size, const char* field) const;
  ByteView from(std::uint64_t at, const char* field) const;

 private:
  template <class T>
  T read(std::uint64_t at, const char* field) const {
    T value;
    std::memcpy(&value, sub(at, sizeof(T), field).data(), sizeof(T));
    return value;
  }

  std::span<const std::uint8_t> bytes_;
  std::uint64_t origin_ = 0;
};

// The whole file; throws Error(damaged) when it cannot be read, Error(unsupported) beyond `limit` bytes.
Bytes read_file(const std::filesystem::path& path, std::uint64_t limit = std::uint64_t{4} << 30);

// Writes to a temporary neighbour and renames, so that a reader never sees half a file.
void write_file(const std::filesystem::path& path, std::span<const std::uint8_t> bytes);

}  // namespace vnpu
