// One reader a version. Not for use outside this folder.
#pragma once

#include "models/kmodel/model.h"

namespace vnpu::kmodel {

v3::Model read_v3(ByteView file);
v4::Model read_v4(ByteView file);
v5::Model read_v5(ByteView file);

// Throws for a main memory beyond main_memory_limit.
void check_main_memory(std::uint32_t bytes, std::uint64_t offset, const char* field);

// Bodies lie back to back from `position`; the writer of the last one leaves out padding at its end, so up to seven
// bytes may be missing there. Returns how many are.
constexpr std::uint32_t most_missing_bytes = 7;
struct BodyPlace {
  std::uint64_t offset = 0, bytes = 0;  // in the file
};
BodyPlace place_body(ByteView file, std::uint64_t& position, std::uint32_t size, std::uint64_t size_offset, bool last,
                     std::uint32_t& missing, const char* field);

}  // namespace vnpu::kmodel
