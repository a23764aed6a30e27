#include "models/kmodel/model.h"

#include <algorithm>

#include "models/kmodel/cursor.h"
#include "models/kmodel/read.h"

namespace vnpu::kmodel {
namespace {

constexpr std::uint32_t magic = 0x4B4D444C;            // "LDMK" in the file
constexpr std::uint32_t magic_encrypted = 0x534D444C;  // "LDMS"
constexpr std::uint32_t magic_e = 0x454D444C;          // "LDME"
constexpr std::uint32_t version_encrypted_v3 = 10003;

std::uint32_t swapped(std::uint32_t word) { return __builtin_bswap32(word); }

[[noreturn]] void refuse(Format format, ByteView file) {
  switch (format) {
    case Format::v1:
      unsupported(0, "version", "kmodel version 1 (of the older model compiler) is not supported; 3, 4 and 5 are");
    case Format::other_version:
      unsupported(4, "version",
                  "kmodel version " + std::to_string(file.u32(4, "version")) + " is not known; 3, 4 and 5 are");
    case Format::encrypted_v3:
    case Format::encrypted_v4:
    case Format::encrypted_e:
      unsupported(0, "identifier", "the model is encrypted for one board's key (.smodel, .emodel)");
    default: break;
  }
  if (file.size() < 8) {
    damaged(file.size(), "identifier",
            "the file ends after " + std::to_string(file.size()) + " bytes, a kmodel has at least 28 (truncated?)");
  }
  damaged(0, "identifier", "this is no kmodel, which starts with \"LDMK\" or with the version number 3");
}

}  // namespace

Format identify(ByteView file) {
  if (file.size() < 8) return Format::none;
  const auto first = file.u32(0, "identifier"), second = file.u32(4, "version");
  if (first == magic) {
    return second == 4 ? Format::v4 : second == 5 ? Format::v5 : Format::other_version;
  }
  if (first == swapped(magic)) {
    if (second == swapped(4)) return Format::v4_swapped;
    if (second == swapped(5)) return Format::v5_swapped;
    return Format::none;
  }
  if (first == 3) return Format::v3;
  if (first == swapped(3)) return Format::v3_swapped;
  if (first == 1) return Format::v1;
  if (first == version_encrypted_v3) return Format::encrypted_v3;
  if (first == magic_encrypted) return Format::encrypted_v4;
  if (first == magic_e) return Format::encrypted_e;
  return Format::none;
}

ByteView Model::bytes(std::uint64_t offset, std::uint64_t size, const char* field) const {
  return ByteView(file).sub(offset, size, field);
}

Bytes swap_words(ByteView file) {
  Bytes out(file.data(), file.data() + file.size());
  out.resize((out.size() + 3) / 4 * 4);
  for (std::size_t i = 0; i < out.size(); i += 4) {
    std::swap(out[i], out[i + 3]);
    std::swap(out[i + 1], out[i + 2]);
  }
  return out;
}

void check_main_memory(std::uint32_t bytes, std::uint64_t offset, const char* field) {
  if (bytes > main_memory_limit) {
    unsupported(
        offset, field,
        "needs " + std::to_string(bytes) + " bytes of main memory, the limit is " + std::to_string(main_memory_limit));
  }
}

BodyPlace place_body(ByteView file, std::uint64_t& position, std::uint32_t size, std::uint64_t size_offset, bool last,
                     std::uint32_t& missing, const char* field) {
  const auto left = file.size() - std::min(file.size(), position);
  if (position > file.size() || size > left + (last ? most_missing_bytes : 0)) {
    damaged(size_offset, field,
            "the body has " + std::to_string(size) + " bytes from byte " + std::to_string(position) + ", " +
                std::to_string(left) + " are left (truncated?)");
  }
  const BodyPlace place{position, std::min<std::uint64_t>(size, left)};
  missing = static_cast<std::uint32_t>(size - place.bytes);
  position += size;
  return place;
}

Model read(ByteView file) {
  Model model;
  const auto format = identify(file);
  switch (format) {
    case Format::v3:
    case Format::v4:
    case Format::v5: model.file.assign(file.data(), file.data() + file.size()); break;
    case Format::v3_swapped:
    case Format::v4_swapped:
    case Format::v5_swapped:
      model.file = swap_words(file);
      model.word_swapped = true;
      break;
    default: refuse(format, file);
  }
  const ByteView bytes(model.file);
  if (format == Format::v3 || format == Format::v3_swapped) {
    model.body = read_v3(bytes);
  } else if (format == Format::v4 || format == Format::v4_swapped) {
    model.body = read_v4(bytes);
  } else {
    model.body = read_v5(bytes);
  }
  return model;
}

}  // namespace vnpu::kmodel
