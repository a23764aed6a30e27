// Recorded commands: single TIU and TDMA commands with the memory state the vendor's simulator left behind.
// The file (tests/golden/cv18xx_commands/README.md) holds only a seed for the memory contents before the command,
// and CRCs plus the heads of the changed ranges for those after it. Everything is little endian.
#pragma once

#include <array>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "base/bytes.h"
#include "isa/cv18xx/chip.h"
#include "isa/cv18xx/command.h"
#include "sim/cv18xx/memory.h"

namespace vnpu::cv18xx {

// Memory contents made from a seed: the splitmix64 stream, shaped by a mode.
enum class FillMode : std::uint8_t {
  bytes = 0,         // the stream itself
  bf16_middle = 1,   // bf16 of exponents 120..135
  bf16_all = 2,      // the stream itself: every bf16 pattern
  small_int8 = 3,    // -7..7
  bf16_integer = 4,  // bf16 of n/4, n = -512..511
  sparse = 5,        // three of four bytes zero
};
void fill(std::span<std::uint8_t> memory, FillMode mode, std::uint64_t seed);  // memory.size() % 8 == 0

using Command = std::variant<TiuCommand, TdmaCommand>;

// A changed range of one memory: `head` holds its first bytes as they are afterwards.
struct RecordedRange {
  std::uint32_t address = 0;
  std::uint32_t length = 0;
  Bytes head;
};

// What one memory looks like afterwards. Only the first ranges are kept; `total` counts all.
struct RecordedChanges {
  std::uint32_t crc = 0;  // CRC-32 of the whole memory
  std::uint16_t total = 0;
  std::vector<RecordedRange> kept;
};

struct RecordedCommand {
  const Chip* chip = nullptr;
  std::string kind;  // "conv_i8", "dma_g2l_tensor", ...
  FillMode fill_mode = FillMode::bytes;
  std::uint64_t fill_seed = 0;  // of the local memory; the global memory takes seed + 77
  std::array<std::uint32_t, 8> base{};
  std::vector<Command> commands;                         // executed in this order
  std::vector<std::pair<std::uint32_t, Bytes>> patches;  // written over the filled local memory
  RecordedChanges local, global;

  bool is_tdma() const { return !commands.empty() && std::holds_alternative<TdmaCommand>(commands.front()); }
};

struct RecordedFile {
  std::uint32_t global_bytes = 0;  // size of the global memory of every record
  std::vector<std::string> kinds;
  std::vector<RecordedCommand> records;
};

// Throws Error(damaged) with the offset in the (unpacked) stream, Error(unsupported) for sizes beyond any real record.
RecordedFile parse_recorded_commands(std::span<const std::uint8_t> bytes);

// A plain or an xz file; the unpacked stream may have 256 MiB at most.
RecordedFile read_recorded_commands(const std::filesystem::path& path);

// The first bytes that differ from the record.
struct ReplayDifference {
  bool in_global = false;
  std::uint64_t address = 0;
  Bytes expected, got;  // both empty when only the CRC of the memory differs (the record does not hold the bytes)
};

struct ReplayResult {
  std::string error;  // of the executor; empty when it ran
  std::optional<ReplayDifference> difference;

  bool equal() const { return error.empty() && !difference; }
};
std::string to_string(const ReplayResult& result);  // one line

// The memory before the command.
Memory initial_memory(const RecordedCommand& record, std::uint32_t global_bytes);

// Runs the record's commands one after the other on a fresh memory and compares all of it. The executor's Error becomes
// the result's error text; anything else it throws passes.
using Executor = std::function<void(const Command&, Memory&)>;
ReplayResult replay(const RecordedCommand& record, std::uint32_t global_bytes, const Executor& executor);

}  // namespace vnpu::cv18xx
