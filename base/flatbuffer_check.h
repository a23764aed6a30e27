// Walks a flatbuffer before anything trusts it, and names the place of the damage: the library's Verifier only says no.
#pragma once

#include "base/bytes.h"

namespace flatbuffers {
struct TypeTable;
}

namespace vnpu {

// A field of bytes that is a flatbuffer itself.
struct NestedFlatbuffer {
  const flatbuffers::TypeTable* table = nullptr;  // the table that has it
  std::size_t field = 0;
  const flatbuffers::TypeTable* root = nullptr;  // of the inner flatbuffer
};

// Checks every offset, vtable, vector, string and alignment that `type` reaches from the root of `buffer`, nested
// flatbuffers included, and bounds the work: a buffer whose tables share their parts so often that reading it would
// take much longer than its size suggests is refused. Throws Error(damaged) with file offset and field, for example
// "programs[0].tensor_map[3].name" ("flatbuffer" for the root itself). `buffer` must be aligned to 8 bytes in memory.
void check_flatbuffer(ByteView buffer, const flatbuffers::TypeTable* type, const NestedFlatbuffer& nested = {});

}  // namespace vnpu
