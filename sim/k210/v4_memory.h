// The three memories of a version 4 model, reached by its memory ranges (which reading has checked).
#pragma once

#include <span>
#include <vector>

#include "models/kmodel/model.h"
#include "sim/k210/ai_ram.h"
#include "sim/k210/main_memory.h"

namespace vnpu::k210 {

class V4Memory {
 public:
  explicit V4Memory(const kmodel::Model& model)
      : main_(model.as_v4()->main_memory),
        constants_(model.bytes(model.as_v4()->constants.offset, model.as_v4()->constants.count, "constants").span()) {}

  AiRam& ram() { return ram_; }
  const AiRam& ram() const { return ram_; }

  std::span<const std::uint8_t> read(const kmodel::v4::MemoryRange& range) {
    if (range.memory == kmodel::v4::Memory::constant) return constants_.subspan(range.start, range.size);
    return write(range);
  }
  // Throws Error(fault) for constants.
  std::span<std::uint8_t> write(const kmodel::v4::MemoryRange& range) {
    if (range.memory == kmodel::v4::Memory::main) return main_.range(range.start, range.size);
    if (range.memory == kmodel::v4::Memory::kpu) return ram_.bytes().subspan(range.start, range.size);
    throw Error(ErrorKind::fault, "an output lies in the constants");
  }
  // The first `count` elements, copied. Throws Error(fault) when the range has fewer.
  std::vector<float> floats(const kmodel::v4::MemoryRange& range, std::uint64_t count) {
    return numbers<float>(first(range, count * 4));
  }
  Bytes bytes(const kmodel::v4::MemoryRange& range, std::uint64_t count) {
    const auto from = first(range, count);
    return {from.begin(), from.end()};
  }
  // Into the first bytes of the range; gives those.
  std::span<const std::uint8_t> put(const kmodel::v4::MemoryRange& range, std::span<const std::uint8_t> values) {
    if (values.size() > range.size) too_small(range, values.size());
    const auto to = write(range).first(values.size());
    std::ranges::copy(values, to.begin());
    return to;
  }
  // Throws Error(fault) when a result of `count` elements has no room.
  static void require(const kmodel::v4::MemoryRange& range, std::uint64_t count, std::uint64_t element) {
    if (count > range.size / element) too_small(range, count * element);
  }

 private:
  std::span<const std::uint8_t> first(const kmodel::v4::MemoryRange& range, std::uint64_t size) {
    if (size > range.size) too_small(range, size);
    return read(range).first(size);
  }
  [[noreturn]] static void too_small(const kmodel::v4::MemoryRange& range, std::uint64_t wanted) {
    throw Error(ErrorKind::fault,
                "a tensor of " + std::to_string(wanted) + " bytes in a memory range of " + std::to_string(range.size));
  }

  AiRam ram_;
  MainMemory main_;
  std::span<const std::uint8_t> constants_;
};

}  // namespace vnpu::k210
