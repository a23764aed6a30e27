#include "sim/bm1684x/recorded_commands.h"

#include <algorithm>
#include <cstdio>
#include <cstring>

#include "base/error.h"

namespace vnpu::bm1684x {
namespace {

constexpr char magic[4] = {'B', 'M', 'V', '1'};

// Reads field after field.
class Cursor {
 public:
  explicit Cursor(ByteView view) : view_(view) {}
  std::uint64_t at() const { return at_; }
  std::uint64_t left() const { return view_.size() - at_; }
  std::uint8_t u8(const char* field) { return bytes(1, field).u8(0, field); }
  std::uint16_t u16(const char* field) { return bytes(2, field).u16(0, field); }
  std::uint32_t u32(const char* field) { return bytes(4, field).u32(0, field); }
  ByteView bytes(std::uint64_t size, const char* field) {
    const ByteView part = view_.sub(at_, size, field);
    at_ += size;
    return part;
  }

 private:
  ByteView view_;
  std::uint64_t at_ = 0;
};

std::uint64_t memory_bytes(char memory) {
  switch (memory) {
    case 'L': return local_bytes;
    case 'G': return recorded_ddr_bytes;
    case 'C': return l2_bytes;
    default: return 0;
  }
}

const char* memory_name(char memory) { return memory == 'G' ? "DDR" : memory == 'C' ? "L2" : "static memory"; }

std::span<std::uint8_t> memory_of(Memory& memory, char which) {
  switch (which) {
    case 'L': return memory.local();
    case 'G': return memory.ddr();
    case 'C': return memory.l2();
    default: return memory.static_memory();
  }
}

std::vector<RecordedPatch> read_patches(Cursor& in) {
  std::vector<RecordedPatch> patches;
  const auto count = in.u32("number of patches");
  for (std::uint32_t i = 0; i < count; ++i) {
    const auto at = in.at();
    RecordedPatch patch;
    patch.memory = static_cast<char>(in.u8("patch memory"));
    patch.address = in.u32("patch address");
    const auto length = in.u32("patch length");
    const auto limit = memory_bytes(patch.memory);
    if (limit == 0) throw Error(ErrorKind::damaged, at, "patch memory", "is not one of L, G, C");
    if (patch.address > limit || length > limit - patch.address)
      throw Error(ErrorKind::damaged, at, "patch", "is not wholly inside its memory");
    const auto bytes = in.bytes(length, "patch bytes").span();
    patch.bytes.assign(bytes.begin(), bytes.end());
    patches.push_back(std::move(patch));
  }
  return patches;
}

RecordedCommand read_record(Cursor& in) {
  RecordedCommand record;
  const auto kind_length = in.u8("kind length");
  const auto kind = in.bytes(kind_length, "kind").span();
  record.kind.assign(kind.begin(), kind.end());
  const auto engine_at = in.at();
  const auto engine = in.u8("engine");
  if (engine > 1) throw Error(ErrorKind::damaged, engine_at, "engine", std::to_string(engine) + " is neither 0 nor 1");
  const auto length = in.u16("command length");
  const auto words = in.bytes(length, "command");
  record.words.assign(words.span().begin(), words.span().end());
  const auto size = engine == 0 ? tiu_command_bytes(words) : gdma_command_bytes(words);
  if (size != length)
    throw Error(ErrorKind::damaged, words.file_offset(), "command",
                std::to_string(length) + " bytes, its form has " + std::to_string(size));
  if (engine == 0) {
    record.command = decode_tiu(words);
  } else {
    record.command = decode_gdma(words);
  }
  record.before = read_patches(in);
  record.after = read_patches(in);
  return record;
}

std::string hex(std::span<const std::uint8_t> bytes) {
  std::string text;
  char digits[4];
  for (const auto byte : bytes) {
    std::snprintf(digits, sizeof digits, "%02x", byte);
    text += digits;
  }
  return text;
}

// The first run of differing bytes, at most 16 of them; empty when equal.
std::string difference(char which, std::span<const std::uint8_t> expected, std::span<const std::uint8_t> got) {
  if (std::memcmp(expected.data(), got.data(), got.size()) == 0) return {};
  const auto first = static_cast<std::size_t>(std::ranges::mismatch(expected, got).in1 - expected.begin());
  std::size_t count = 0;
  for (std::size_t i = first; i < got.size(); ++i) count += expected[i] != got[i];
  const std::size_t size = std::min<std::size_t>(16, got.size() - first);
  char place[64];
  if (which == 'L') {
    std::snprintf(place, sizeof place, "local lane %zu + 0x%zx", first / lane_bytes, first % lane_bytes);
  } else {
    std::snprintf(place, sizeof place, "%s 0x%zx", memory_name(which), first);
  }
  return std::string(place) + ": expected " + hex(expected.subspan(first, size)) + ", got " +
         hex(got.subspan(first, size)) + "; " + std::to_string(count) + " bytes differ";
}

void apply(const std::vector<RecordedPatch>& patches, Memory& memory) {
  for (const auto& patch : patches)
    std::ranges::copy(patch.bytes, memory_of(memory, patch.memory).begin() + patch.address);
}

void undo(const std::vector<RecordedPatch>& patches, Memory& memory) {
  for (const auto& patch : patches) {
    const auto to = memory_of(memory, patch.memory).subspan(patch.address, patch.bytes.size());
    if (patch.memory == 'L') {
      std::ranges::copy(background().subspan(patch.address, to.size()), to.begin());
    } else {
      std::ranges::fill(to, 0);
    }
  }
}

class RecordedChecks final : public CheckFile {
 public:
  explicit RecordedChecks(ByteView unpacked) : records_(parse_recorded_commands(unpacked)) {}

  std::size_t size() const override { return records_.size(); }
  std::string name(std::size_t i) const override { return std::to_string(i) + "-" + records_.at(i).kind; }
  std::string skip(std::size_t i) const override { return undefined_reason(records_.at(i).command); }
  std::string run(std::size_t i, const NetworkOptions& options) const override {
    return memories_.replay(records_.at(i), {parse_engine(options.engine)});
  }

 private:
  std::vector<RecordedCommand> records_;
  mutable RecordedMemories memories_;
};

}  // namespace

std::vector<RecordedCommand> parse_recorded_commands(ByteView unpacked) {
  Cursor in(unpacked);
  if (std::memcmp(in.bytes(sizeof magic, "magic").data(), magic, sizeof magic) != 0)
    throw Error(ErrorKind::damaged, 0, "magic", "not a file of recorded commands");
  const auto count = in.u32("count");
  std::vector<RecordedCommand> records;
  for (std::uint32_t i = 0; i < count; ++i) records.push_back(read_record(in));
  if (in.left() != 0)
    throw Error(ErrorKind::damaged, in.at(), "end", std::to_string(in.left()) + " bytes follow the last record");
  return records;
}

std::span<const std::uint8_t> background() {
  static const Bytes bytes = [] {
    Bytes made(local_bytes);
    for (std::uint32_t a = 0; a < made.size(); ++a) made[a] = static_cast<std::uint8_t>(a * 2654435761u >> 24);
    return made;
  }();
  return bytes;
}

std::string undefined_reason(const Command& command) {
  if (!std::holds_alternative<GdmaCommand>(command)) return {};
  const auto& gdma = std::get<GdmaCommand>(command);
  if (gdma.cmd_type == dma_tensor && gdma.cmd_special_function == 3 && ~gdma.lane_mask() != 0)
    return "a broadcast with a partial lane mask is undefined";
  return {};
}

std::unique_ptr<RecordedMemories::Pair> RecordedMemories::take() {
  {
    const std::lock_guard lock(mutex_);
    if (!clean_.empty()) {
      auto pair = std::move(clean_.back());
      clean_.pop_back();
      return pair;
    }
  }
  auto pair = std::make_unique<Pair>();
  for (Memory* memory : {&pair->expected, &pair->got}) std::ranges::copy(background(), memory->local().begin());
  return pair;
}

std::string RecordedMemories::replay(const RecordedCommand& record, const ExecuteOptions& options) {
  auto pair = take();
  apply(record.before, pair->got);
  try {
    std::visit([&](const auto& command) { execute(command, pair->got, options); }, record.command);
  } catch (const Error& error) {
    return std::string(name(error.kind())) + " error: " + error.what();
  }
  apply(record.before, pair->expected);
  apply(record.after, pair->expected);
  for (const char memory : {'L', 'G', 'C', 'S'}) {
    if (auto text = difference(memory, memory_of(pair->expected, memory), memory_of(pair->got, memory)); !text.empty())
      return text;
  }
  for (Memory* memory : {&pair->expected, &pair->got}) {
    undo(record.after, *memory);
    undo(record.before, *memory);
    memory->lane_mask = {};
  }
  const std::lock_guard lock(mutex_);
  clean_.push_back(std::move(pair));
  return {};
}

bool recognises_checks(ByteView unpacked) {
  return unpacked.size() >= sizeof magic && std::memcmp(unpacked.data(), magic, sizeof magic) == 0;
}

std::unique_ptr<CheckFile> open_checks(ByteView unpacked) { return std::make_unique<RecordedChecks>(unpacked); }

}  // namespace vnpu::bm1684x
