// zlib and gzip streams read from memory with their check sums; libarchive's reader skips the check sum of gzip.
#pragma once

#include <memory>
#include <span>

#include "base/bytes.h"

namespace vnpu {

enum class DeflateForm { zlib, gzip };

// The one stream that `packed` holds, piece by piece; `packed` must outlive the reader. Throws Error(damaged) with the
// file offset where the stream cannot be read on (also for a wrong check sum and for bytes behind the stream), and
// Error(unsupported) when it unpacks to more than `limit` bytes.
class InflateReader {
 public:
  InflateReader(ByteView packed, DeflateForm form, std::uint64_t limit, const char* field);
  ~InflateReader();
  InflateReader(const InflateReader&) = delete;
  InflateReader& operator=(const InflateReader&) = delete;

  // As many bytes as there are, up to out.size(); 0 at the end, when the check sum was right.
  std::size_t read(std::span<std::uint8_t> out);

 private:
  [[noreturn]] void fail(const std::string& message) const;

  struct State;
  std::unique_ptr<State> state_;
};

// The unpacked bytes of the whole stream, by the same rules; memory grows with what arrives.
Bytes inflate(ByteView packed, DeflateForm form, std::uint64_t limit, const char* field);

}  // namespace vnpu
