// zlib and gzip streams read from memory with their check sums; libarchive's reader skips the check sum of gzip.
#pragma once

#include "base/bytes.h"

namespace vnpu {

enum class DeflateForm { zlib, gzip };

// The unpacked bytes of the one stream that `packed` holds. Throws Error(damaged) with the file offset where the stream
// cannot be read on (also for a wrong check sum and for bytes behind the stream), and Error(unsupported) when it
// unpacks to more than `limit` bytes; memory grows with what arrives.
Bytes inflate(ByteView packed, DeflateForm form, std::uint64_t limit, const char* field);

}  // namespace vnpu
