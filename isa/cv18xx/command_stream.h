// Command buffers as lists of typed commands: the CMDBUF section, the stored ("wire") form of TIU commands, and the
// DMABUF the driver gets. Source of the facts: docs/isa_cv18xx.md.
#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <variant>
#include <vector>

#include "base/bytes.h"
#include "isa/cv18xx/chip.h"
#include "isa/cv18xx/command.h"

namespace vnpu::cv18xx {

enum class Engine : std::uint8_t { tiu = 0, cpu = 1, tdma = 2 };  // engine ids of the record header
const char* name(Engine engine);                                  // "tiu", "cpu", "tdma"

inline constexpr std::size_t record_header_bytes = 8;
inline constexpr std::size_t cpu_bytes = 0xE0;
inline constexpr std::uint32_t cpu_op_sync = 2;  // the only CPU operation

// A CPU descriptor: the end of a group of commands. The numbers and offsets are set in a DMABUF only.
struct CpuSync {
  std::uint32_t op_type = cpu_op_sync;
  std::uint32_t num_tiu = 0;  // commands of this group; low 16 bits
  std::uint32_t num_tdma = 0;
  std::uint32_t offset_tiu = 0;  // bytes from the start of the DMABUF
  std::uint32_t offset_tdma = 0;
  std::uint32_t offset_tiu_saved = 0;  // where a driver keeps them when it replaces them by device addresses
  std::uint32_t offset_tdma_saved = 0;
  std::string name;  // at most 196 bytes, cut at the first zero: "layer_end"

  bool operator==(const CpuSync&) const = default;
};

struct StreamEntry {
  Engine engine = Engine::tiu;
  std::variant<TiuCommand, TdmaCommand, CpuSync> command;
  std::uint64_t file_offset = 0;  // of the record's header (CMDBUF) or of the first byte of the command (DMABUF)
  std::uint32_t index = 0;        // position in its section, from 0

  const TiuCommand& tiu() const { return std::get<TiuCommand>(command); }
  const TdmaCommand& tdma() const { return std::get<TdmaCommand>(command); }
  const CpuSync& cpu() const { return std::get<CpuSync>(command); }
};

// The records of a CMDBUF section in file order, which is a legal order of execution. Throws Error(damaged) for a
// broken record (magic, length, engine id, flags, mask, packet tags, cmd_en, vld) and Error(unsupported) for an
// operation code outside the tables; offset() is a file offset. Memory: about 7 times the section.
std::vector<StreamEntry> parse_cmdbuf(ByteView section, const Chip& chip);
// The same, one record after the other, for those who need not keep them.
void for_each_record(ByteView section, const Chip& chip, const std::function<void(StreamEntry&&)>& take);

// Throws Error(unsupported), naming tsk_typ / tsk_eu_typ or spec_func, for an operation that does not exist.
// `where`: file offset of the command; `what`: put before the field's name, e.g. "command 12 ".
void check_operation(const TiuCommand& command, std::uint64_t where, const std::string& what);
void check_operation(const TdmaCommand& command, std::uint64_t where, const std::string& what);

// The stored form: 16-byte packets tagged 0..6 in the top 4 bits of their last byte, in any order; packet 0 ends the
// command, packets left out have their reset values.
inline constexpr std::size_t packet_bytes = 16;
inline constexpr std::array<std::uint8_t, 7> wire_order{6, 1, 2, 3, 4, 5, 0};  // as the vendor's runtime writes

std::array<std::uint8_t, tiu_bytes> encode_wire(const TiuCommand& command);

struct WireCommand {
  TiuCommand command;
  std::uint64_t size = 0;  // bytes taken: 16 .. 112
};

// Decodes the command at the start of `bytes`; throws Error(damaged) for a tag above 6, a tag that comes twice, or a
// chain that does not end within `bytes`. `what` as above.
WireCommand decode_wire(ByteView bytes, const std::string& what = {});

// A group of commands both engines work on together; the next group starts when both lists are done.
struct CommandGroup {
  std::vector<StreamEntry> tiu, tdma;  // in issue order
  CpuSync cpu;                         // its descriptor
};

// The groups of a CMDBUF as the runtime makes them: a group ends at a CPU record, after a command whose own sync id is
// 0xFFFF, and at the end of the stream.
std::vector<CommandGroup> split_groups(std::span<const StreamEntry> stream);

struct Dmabuf {
  std::uint32_t size = 0;  // dmabuf_size
  std::uint32_t tpu_clk_rate = 0;
  std::uint32_t pmubuf_size = 0, pmubuf_offset = 0;
  std::array<std::uint64_t, 8> array_base{};  // base registers 0..7
  std::vector<CommandGroup> groups;
};

// A DMABUF section (not yet relocated by a driver). Throws as parse_cmdbuf does, and Error(damaged) for counts that
// disagree, lists that lie outside or overlap the descriptors, and lists whose last command lacks cmd_end / eod.
// Bytes behind dmabuf_size (a PMU buffer) are accepted. Memory: at most about 32 times the section.
Dmabuf parse_dmabuf(ByteView section);

}  // namespace vnpu::cv18xx
