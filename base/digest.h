// Digests: MD5 and SHA-256 (OpenSSL), CRC-32 (zlib, the one of zip files).
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>

namespace vnpu {

std::string md5_hex(std::span<const std::uint8_t> bytes);     // 32 lower-case digits
std::string sha256_hex(std::span<const std::uint8_t> bytes);  // 64 lower-case digits

std::array<std::uint8_t, 32> sha256(std::span<const std::uint8_t> bytes);

// `previous` continues the checksum of the bytes before.
std::uint32_t crc32(std::span<const std::uint8_t> bytes, std::uint32_t previous = 0);
std::string crc32_hex(std::span<const std::uint8_t> bytes);  // 8 lower-case digits

// SHA-256 over several pieces.
class Sha256 {
 public:
  Sha256();
  ~Sha256();
  Sha256(const Sha256&) = delete;
  Sha256& operator=(const Sha256&) = delete;
  void update(std::span<const std::uint8_t> bytes);
  std::string hex();  // ends the digest: call once

 private:
  void* context_;
};

}  // namespace vnpu
