#include "base/digest.h"

#include <openssl/evp.h>
#include <zlib.h>

#include <array>
#include <cstdio>

#include "base/error.h"

namespace vnpu {
namespace {

std::string to_hex(std::span<const std::uint8_t> bytes) {
  constexpr std::string_view digits = "0123456789abcdef";
  std::string text;
  text.reserve(bytes.size() * 2);
  for (const auto byte : bytes) {
    text += digits[byte >> 4];
    text += digits[byte & 15];
  }
  return text;
}

template <std::size_t size>
std::array<std::uint8_t, size> evp(const EVP_MD* kind, std::span<const std::uint8_t> bytes) {
  std::array<std::uint8_t, size> out;
  if (!EVP_Digest(bytes.data(), bytes.size(), out.data(), nullptr, kind, nullptr)) {
    throw Error(ErrorKind::internal, "OpenSSL computed no digest");
  }
  return out;
}

}  // namespace

std::string md5_hex(std::span<const std::uint8_t> bytes) { return to_hex(evp<16>(EVP_md5(), bytes)); }
std::string sha256_hex(std::span<const std::uint8_t> bytes) { return to_hex(sha256(bytes)); }

std::array<std::uint8_t, 32> sha256(std::span<const std::uint8_t> bytes) { return evp<32>(EVP_sha256(), bytes); }

std::uint32_t crc32(std::span<const std::uint8_t> bytes, std::uint32_t previous) {
  if (bytes.empty()) return previous;  // zlib takes a null pointer for "start anew"
  return static_cast<std::uint32_t>(::crc32_z(previous, bytes.data(), bytes.size()));
}

std::string crc32_hex(std::span<const std::uint8_t> bytes) {
  char text[9];
  std::snprintf(text, sizeof text, "%08x", crc32(bytes));
  return text;
}

Sha256::Sha256() : context_(EVP_MD_CTX_new()) {
  if (!context_ || !EVP_DigestInit_ex(static_cast<EVP_MD_CTX*>(context_), EVP_sha256(), nullptr)) {
    EVP_MD_CTX_free(static_cast<EVP_MD_CTX*>(context_));
    throw Error(ErrorKind::internal, "OpenSSL has no SHA-256");
  }
}

Sha256::~Sha256() { EVP_MD_CTX_free(static_cast<EVP_MD_CTX*>(context_)); }

void Sha256::update(std::span<const std::uint8_t> bytes) {
  if (!EVP_DigestUpdate(static_cast<EVP_MD_CTX*>(context_), bytes.data(), bytes.size())) {
    throw Error(ErrorKind::internal, "OpenSSL refused SHA-256 input");
  }
}

std::string Sha256::hex() {
  std::array<std::uint8_t, EVP_MAX_MD_SIZE> out;
  unsigned size = 0;
  if (!EVP_DigestFinal_ex(static_cast<EVP_MD_CTX*>(context_), out.data(), &size)) {
    throw Error(ErrorKind::internal, "OpenSSL computed no digest");
  }
  return to_hex(std::span(out).first(size));
}

}  // namespace vnpu
