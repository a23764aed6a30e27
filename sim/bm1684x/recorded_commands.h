// Recorded commands: single TIU and GDMA commands with the memory before and after, as the vendor's functional model
// left it. The file (unpacked), little endian: "BMV1", u32 count, then for each
//   u8 length and text of its kind, u8 engine (0 TIU, 1 GDMA), u16 length and bytes of the command,
//   patches before, patches after: u32 count, then { char memory, u32 address, u32 length, bytes }.
// Memories: L local (lane * 0x40000 + offset), G DDR (from its start), C L2. Before the patches local memory holds
// background() and the others are zero; what no patch after names has not changed.
#pragma once

#include <memory>
#include <mutex>
#include <span>
#include <string>
#include <variant>
#include <vector>

#include "sim/bm1684x/execute.h"
#include "sim/core/checks.h"

namespace vnpu::bm1684x {

using Command = std::variant<TiuCommand, GdmaCommand>;

struct RecordedPatch {
  char memory = 'L';
  std::uint32_t address = 0;
  Bytes bytes;
};

struct RecordedCommand {
  std::string kind;  // "AR.18", "DMA.tensor.3"
  Bytes words;
  Command command;
  std::vector<RecordedPatch> before, after;
};

inline constexpr std::uint32_t recorded_ddr_bytes = 4 << 20;

// Throws Error(damaged) with the offset in the unpacked stream, Error(unsupported) for a command that does not exist.
std::vector<RecordedCommand> parse_recorded_commands(ByteView unpacked);

// Local memory before the patches: the byte at address a is the top byte of a * 2654435761 (32 bits).
std::span<const std::uint8_t> background();

// Why no executor is held to a command's record; empty for all that are well defined.
std::string undefined_reason(const Command& command);

// Pairs of memories in their initial state, so that not every command pays for filling 16 MiB.
class RecordedMemories {
 public:
  // Executes the command on such a memory and compares all of local memory, DDR, L2 and static memory. Empty when
  // equal, else the first difference or the executor's error. Safe to call from several threads.
  std::string replay(const RecordedCommand& record, const ExecuteOptions& options);

 private:
  struct Pair {
    Memory expected{recorded_ddr_bytes}, got{recorded_ddr_bytes};
  };
  std::unique_ptr<Pair> take();
  std::mutex mutex_;
  std::vector<std::unique_ptr<Pair>> clean_;
};

bool recognises_checks(ByteView unpacked);
std::unique_ptr<CheckFile> open_checks(ByteView unpacked);

}  // namespace vnpu::bm1684x
