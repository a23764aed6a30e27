// Fields read one behind the other. Not for use outside this folder.
#pragma once

#include <algorithm>
#include <array>
#include <cstdint>
#include <string>

#include "base/bytes.h"
#include "base/error.h"
#include "models/kmodel/parts.h"

namespace vnpu::kmodel {

[[noreturn]] inline void damaged(std::uint64_t offset, const std::string& field, const std::string& message) {
  throw Error(ErrorKind::damaged, offset, field, message);
}

[[noreturn]] inline void unsupported(std::uint64_t offset, const std::string& field, const std::string& message) {
  throw Error(ErrorKind::unsupported, offset, field, message);
}

class Cursor {
 public:
  // Reads `view` from its byte `at` on.
  explicit Cursor(ByteView view, std::uint64_t at = 0) : view_(view), at_(at) {}

  std::uint64_t at() const { return at_; }                            // in the view
  std::uint64_t offset() const { return view_.file_offset() + at_; }  // in the file
  std::uint64_t left() const { return view_.size() - std::min(view_.size(), at_); }

  std::uint8_t u8(const char* field) { return view_.u8(step(1), field); }
  std::uint16_t u16(const char* field) { return view_.u16(step(2), field); }
  std::uint32_t u32(const char* field) { return view_.u32(step(4), field); }
  std::int32_t i32(const char* field) { return static_cast<std::int32_t>(u32(field)); }
  float f32(const char* field) { return view_.f32(step(4), field); }

  std::array<std::int32_t, 4> four(const char* field) {
    std::array<std::int32_t, 4> out;
    for (auto& value : out) value = i32(field);
    return out;
  }
  Descriptor descriptor(const char* field) {
    Descriptor out;
    for (auto& word : out) word = view_.u64(step(8), field);
    return out;
  }
  // `count` elements of `size` bytes, passed over.
  Array array(std::uint64_t count, std::uint64_t size, const char* field) {
    if (count > left() / size) {
      damaged(offset(), field,
              "needs " + std::to_string(count) + " elements of " + std::to_string(size) + " bytes, " +
                  std::to_string(left()) + " bytes are left");
    }
    const Array out{offset(), count};
    at_ += count * size;
    return out;
  }
  void skip(std::uint64_t bytes) { at_ += bytes; }

 private:
  std::uint64_t step(std::uint64_t bytes) {
    const auto at = at_;
    at_ += bytes;
    return at;
  }

  ByteView view_;
  std::uint64_t at_;
};

// A count from a header whose entries need `entry_bytes` each: refused before memory is taken for it.
inline void check_count(std::uint32_t count, std::uint64_t count_offset, std::uint64_t entry_bytes,
                        std::uint64_t file_bytes, const char* field) {
  if (count > steps_limit) {
    unsupported(count_offset, field, std::to_string(count) + " is over the limit of " + std::to_string(steps_limit));
  }
  if (count * entry_bytes > file_bytes) {
    damaged(count_offset, field,
            std::to_string(count) + " entries need more bytes than the " + std::to_string(file_bytes) +
                " of the file (truncated?)");
  }
}

}  // namespace vnpu::kmodel
