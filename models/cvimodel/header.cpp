#include <algorithm>
#include <cstdio>

#include "models/cvimodel/parts.h"

namespace vnpu::cvimodel {
namespace {

constexpr std::string_view magic = "CviModel";
constexpr std::uint64_t body_size_at = 8, major_at = 12, minor_at = 13, md5_at = 14, chip_at = 30, padding_at = 46;
constexpr std::uint64_t chip_bytes = 16;
// The two padding bytes tell who wrote the file: "Cv" the converter, "AA" the merging tool, which leaves whatever was
// in memory where the md5 belongs.
constexpr std::uint16_t by_converter = 0x7643, by_merging_tool = 0x4141;

std::string hex(std::span<const std::uint8_t> bytes) {
  std::string out;
  for (const auto byte : bytes) {
    char two[3];
    std::snprintf(two, sizeof two, "%02x", byte);
    out += two;
  }
  return out;
}

// The name of the chip if it is one that can be run; anything else is refused by name.
std::string read_chip(ByteView file) {
  std::string chip;
  for (std::uint64_t i = 0; i < chip_bytes; ++i) {
    const auto byte = file.u8(chip_at + i, "chip");
    if (byte == 0) break;
    if (byte < 0x21 || byte > 0x7e) damaged(chip_at + i, "chip", "the chip's name holds an unprintable byte");
    chip += static_cast<char>(byte);
  }
  for (std::uint64_t i = chip.size(); i < chip_bytes; ++i) {
    if (file.u8(chip_at + i, "chip") != 0) {
      damaged(chip_at + i, "chip", "bytes behind the end of the chip's name are not zero");
    }
  }
  if (chip.empty()) damaged(chip_at, "chip", "the chip's name is empty");
  if (chip != "cv180x" && chip != "cv181x") {
    throw Error(ErrorKind::unsupported, chip_at, "chip",
                "the model is built for " + chip + "; only cv180x and cv181x are supported");
  }
  return chip;
}

void check_version(const Header& header) {
  const auto format = std::to_string(header.major) + "." + std::to_string(header.minor);
  if (header.major != 1) {
    throw Error(ErrorKind::unsupported, major_at, "major", "format " + format + " is not known, only 1.x is");
  }
  if (header.minor > newest_minor) {
    throw Error(ErrorKind::unsupported, minor_at, "minor",
                "format " + format + " is newer than 1." + std::to_string(newest_minor));
  }
  if (header.minor == 0) {
    throw Error(ErrorKind::unsupported, minor_at, "minor",
                "format 1.0 names no chip and is that of cv183x; only cv180x and cv181x are supported");
  }
}

}  // namespace

bool looks_like_cvimodel(ByteView file) {
  return file.size() >= magic.size() && std::equal(magic.begin(), magic.end(), file.data());
}

Header read_header(ByteView file) {
  const auto cut = [&](const char* field) {
    damaged(file.size(), field,
            "the file ends after " + std::to_string(file.size()) + " of the " + std::to_string(header_bytes) +
                " bytes of the header (truncated?)");
  };
  for (std::uint64_t i = 0; i < magic.size(); ++i) {
    if (i >= file.size()) cut("magic");
    if (file.u8(i, "magic") != static_cast<std::uint8_t>(magic[i])) {
      damaged(i, "magic", "this is no .cvimodel, which starts with \"CviModel\"");
    }
  }
  if (file.size() < md5_at) cut("version");
  Header header;
  header.body_size = file.u32(body_size_at, "body_size");
  header.major = file.u8(major_at, "major");
  header.minor = file.u8(minor_at, "minor");
  check_version(header);
  if (file.size() < header_bytes) cut(file.size() < chip_at ? "md5" : file.size() < padding_at ? "chip" : "padding");
  const ByteView stored_md5 = file.sub(md5_at, header.md5.size(), "md5");
  std::copy_n(stored_md5.data(), header.md5.size(), header.md5.begin());

  const auto padding = file.u16(padding_at, "padding");
  if (padding != by_converter && padding != by_merging_tool && padding != 0) {
    damaged(padding_at, "padding", "the last two bytes of the header are neither \"Cv\" nor \"AA\" nor zero");
  }
  header.chip = read_chip(file);
  header.size = header_bytes;

  if (header.body_size == 0) damaged(body_size_at, "body_size", "the flatbuffer is empty");
  if (header.body_size > file.size() - header_bytes) {
    damaged(body_size_at, "body_size",
            "the flatbuffer has " + std::to_string(header.body_size) + " bytes, the file only " +
                std::to_string(file.size() - header_bytes) + " behind the header (truncated?)");
  }
  return header;
}

void check_md5(ByteView file, Header& header, const std::string& md5) {
  const auto padding = file.u16(padding_at, "padding");
  header.md5_verified = md5 == hex(header.md5);
  if (!header.md5_verified && padding != by_merging_tool) {
    damaged(md5_at, "md5",
            "the header says " + hex(header.md5) + ", the " + std::to_string(file.size() - header_bytes) +
                " bytes behind it give " + md5 + ": the file is truncated or changed");
  }
}

}  // namespace vnpu::cvimodel
