// Commands from a stream of bytes: sizes, types and addresses such that many of them are legal, and local memory for
// them to work on.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <variant>

#include "isa/bm1684x/command.h"
#include "sim/bm1684x/execute.h"

namespace vnpu::bm1684x::test {

// Bytes of a fuzzer or of a random generator; 0 beyond the end.
class ByteSource {
 public:
  explicit ByteSource(std::span<const std::uint8_t> bytes) : bytes_(bytes) {}
  std::uint32_t next() { return at_ < bytes_.size() ? bytes_[at_++] : 0; }
  std::uint32_t below(std::uint32_t limit) { return next() % limit; }

 private:
  std::span<const std::uint8_t> bytes_;
  std::size_t at_ = 0;
};

TiuCommand make_tiu(ByteSource& source);
GdmaCommand make_gdma(ByteSource& source);

inline constexpr std::uint64_t ddr_bytes = 1 << 20;

// Two memories with the same content, one for the law and one for the kernels of a level.
class LevelPair {
 public:
  LevelPair();
  // Executes with both and returns what differs: messages of errors, or the first byte of a memory; empty: nothing.
  // Content is the same before every call.
  std::string run(const std::variant<TiuCommand, GdmaCommand>& command, SimdLevel level);
  bool last_was_refused() const { return refused_; }

 private:
  void reset(Memory& memory);

  Memory law_, fast_;
  bool refused_ = false;
};

}  // namespace vnpu::bm1684x::test
