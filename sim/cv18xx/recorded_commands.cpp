#include "sim/cv18xx/recorded_commands.h"

#include <archive.h>
#include <zlib.h>

#include <algorithm>
#include <cstring>
#include <memory>
#include <new>

#include "base/dtype.h"
#include "base/error.h"

namespace vnpu::cv18xx {
namespace {

constexpr char magic[8] = {'C', 'V', 'C', 'M', 'D', 'V', '1', '\0'};
constexpr std::uint64_t stream_limit = std::uint64_t{256} << 20;
constexpr std::uint32_t global_limit = 64 << 20;
constexpr std::uint32_t head_limit = 64 << 10;

std::uint16_t shape_bf16(FillMode mode, std::uint16_t bits) {
  if (mode == FillMode::bf16_middle) return (bits & 0x807F) | (0x78 + ((bits >> 7) & 15)) << 7;
  return float_to_bf16_truncated(static_cast<float>((bits >> 6) - 512) / 4);
}

// Reads field after field.
class Cursor {
 public:
  explicit Cursor(ByteView view) : view_(view) {}
  std::uint64_t at() const { return at_; }
  std::uint64_t left() const { return view_.size() - at_; }
  std::uint8_t u8(const char* field) { return view_.u8(advance(1), field); }
  std::uint16_t u16(const char* field) { return view_.u16(advance(2), field); }
  std::uint32_t u32(const char* field) { return view_.u32(advance(4), field); }
  std::uint64_t u64(const char* field) { return view_.u64(advance(8), field); }
  std::span<const std::uint8_t> bytes(std::uint64_t size, const char* field) {
    const auto part = view_.sub(at_, size, field).span();
    at_ += size;
    return part;
  }

 private:
  std::uint64_t advance(std::uint64_t size) {
    const auto here = at_;
    at_ += size;
    return here;
  }
  ByteView view_;
  std::uint64_t at_ = 0;
};

[[noreturn]] void damaged(std::uint64_t at, const char* field, const std::string& message) {
  throw Error(ErrorKind::damaged, at, field, message);
}

void check_inside(std::uint64_t at, const char* field, std::uint64_t address, std::uint64_t size, std::uint64_t limit) {
  if (address > limit || size > limit - address) {
    damaged(at, field,
            std::to_string(size) + " bytes at " + std::to_string(address) + " of a memory of " + std::to_string(limit));
  }
}

RecordedChanges read_changes(Cursor& in, std::uint32_t crc, std::uint32_t head, std::uint64_t memory_bytes) {
  RecordedChanges changes;
  changes.crc = crc;
  const auto start = in.at();
  changes.total = in.u16("changed ranges");
  const auto kept = in.u16("kept ranges");
  if (kept > changes.total) damaged(start, "kept ranges", "more than the changed ranges");
  std::uint64_t end = 0;
  for (unsigned i = 0; i < kept; ++i) {
    RecordedRange range;
    const auto at = in.at();
    range.address = in.u32("range address");
    range.length = in.u32("range length");
    check_inside(at, "range", range.address, range.length, memory_bytes);
    if (range.address < end) damaged(at, "range address", "ranges are not in ascending order");
    end = std::uint64_t{range.address} + range.length;
    const auto bytes = in.bytes(std::min(range.length, head), "range bytes");
    range.head.assign(bytes.begin(), bytes.end());
    changes.kept.push_back(std::move(range));
  }
  return changes;
}

RecordedCommand read_record(Cursor& in, const RecordedFile& file, std::uint32_t head) {
  RecordedCommand record;
  const auto start = in.at();
  const auto chip = in.u8("chip");
  const auto kind = in.u8("kind");
  const auto engine = in.u8("engine");
  const auto fill_mode = in.u8("fill mode");
  if (chip > 1) damaged(start, "chip", std::to_string(chip) + " is neither 0 nor 1");
  if (kind >= file.kinds.size()) damaged(start + 1, "kind", "outside the table of kinds");
  if (engine != 0 && engine != 2) damaged(start + 2, "engine", std::to_string(engine) + " is neither 0 nor 2");
  if (fill_mode > 5) damaged(start + 3, "fill mode", std::to_string(fill_mode) + " is not 0..5");
  record.chip = find_chip(chip == 0 ? "cv181x" : "cv180x");
  record.kind = file.kinds[kind];
  record.fill_mode = static_cast<FillMode>(fill_mode);
  record.fill_seed = in.u64("fill seed");
  for (auto& base : record.base) base = in.u32("base register");

  const auto words_at = in.at();
  const auto words_size = in.u16("length of the command words");
  const auto patches = in.u16("number of patches");
  const std::size_t command_bytes = engine == 0 ? tiu_bytes : tdma_bytes;
  if (words_size == 0 || words_size % command_bytes != 0)
    damaged(words_at, "length of the command words", std::to_string(words_size) + " is not a whole number of commands");
  const auto words = in.bytes(words_size, "command words");
  for (std::size_t i = 0; i < words.size(); i += command_bytes) {
    if (engine == 0) {
      record.commands.emplace_back(decode_tiu(words.subspan(i).first<tiu_bytes>()));
    } else {
      record.commands.emplace_back(decode_tdma(words.subspan(i).first<tdma_bytes>()));
    }
  }

  const std::uint64_t local_bytes = std::uint64_t{record.chip->lanes} * lane_bytes;
  for (unsigned i = 0; i < patches; ++i) {
    const auto at = in.at();
    const auto address = in.u32("patch address");
    const auto size = in.u16("patch size");
    check_inside(at, "patch", address, size, local_bytes);
    const auto bytes = in.bytes(size, "patch bytes");
    record.patches.emplace_back(address, Bytes(bytes.begin(), bytes.end()));
  }
  const auto local_crc = in.u32("CRC of the local memory");
  const auto global_crc = in.u32("CRC of the global memory");
  record.local = read_changes(in, local_crc, head, local_bytes);
  record.global = read_changes(in, global_crc, head, file.global_bytes);
  return record;
}

Bytes unpack(std::span<const std::uint8_t> packed) {
  const std::unique_ptr<archive, int (*)(archive*)> reader(archive_read_new(), archive_read_free);
  if (!reader) throw std::bad_alloc();
  const auto check = [&](int status) {
    if (status < ARCHIVE_WARN) {
      const char* text = archive_error_string(reader.get());
      damaged(0, "xz stream", text ? text : "cannot be unpacked");
    }
  };
  check(archive_read_support_filter_xz(reader.get()));
  check(archive_read_support_format_raw(reader.get()));
  check(archive_read_open_memory(reader.get(), packed.data(), packed.size()));
  archive_entry* entry = nullptr;
  check(archive_read_next_header(reader.get(), &entry));
  Bytes bytes;
  std::vector<std::uint8_t> block(1 << 16);
  for (;;) {
    const auto got = archive_read_data(reader.get(), block.data(), block.size());
    if (got == 0) return bytes;
    if (got < 0) check(ARCHIVE_FATAL);
    if (bytes.size() + static_cast<std::size_t>(got) > stream_limit)
      throw Error(ErrorKind::unsupported, bytes.size(), "xz stream", "unpacks to more than 256 MiB");
    bytes.insert(bytes.end(), block.begin(), block.begin() + got);
  }
}

std::uint32_t crc_of(std::span<const std::uint8_t> bytes) {
  return static_cast<std::uint32_t>(crc32_z(0, bytes.data(), bytes.size()));
}

// Where the record holds the bytes, the first run of differing ones; else only the fact.
std::optional<ReplayDifference> compare(bool in_global, std::span<const std::uint8_t> before,
                                        std::span<const std::uint8_t> after, const RecordedChanges& changes) {
  if (crc_of(after) == changes.crc) return std::nullopt;
  Bytes expected(before.begin(), before.end());
  std::vector<bool> known(expected.size(), true);
  std::uint64_t end = 0;
  for (const auto& range : changes.kept) {
    std::copy(range.head.begin(), range.head.end(), expected.begin() + range.address);
    end = std::uint64_t{range.address} + range.length;
    std::fill(known.begin() + range.address + static_cast<std::ptrdiff_t>(range.head.size()), known.begin() + end,
              false);
  }
  if (changes.total > changes.kept.size()) std::fill(known.begin() + end, known.end(), false);

  const auto differs = [&](std::size_t i) { return known[i] && expected[i] != after[i]; };
  ReplayDifference difference;
  difference.in_global = in_global;
  for (std::size_t i = 0; i < expected.size(); ++i) {
    if (!differs(i)) continue;
    difference.address = i;
    for (auto last = i; i < expected.size() && i < last + 8 && difference.got.size() < 64; ++i) {
      if (!known[i]) break;
      if (differs(i)) last = i;
      difference.expected.push_back(expected[i]);
      difference.got.push_back(after[i]);
    }
    return difference;
  }
  difference.address = changes.kept.empty() ? 0 : changes.kept.front().address;
  return difference;
}

std::string hex(const Bytes& bytes) {
  static constexpr char digits[] = "0123456789abcdef";
  std::string text;
  for (const auto byte : bytes) (text += digits[byte >> 4]) += digits[byte & 15];
  return text;
}

}  // namespace

void fill(std::span<std::uint8_t> memory, FillMode mode, std::uint64_t seed) {
  if (memory.size() % 8 != 0) throw Error(ErrorKind::usage, "fill: the memory is not a multiple of 8 bytes");
  for (std::size_t i = 0; i < memory.size(); i += 8) {
    std::uint64_t x = seed + (i / 8 + 1) * 0x9E3779B97F4A7C15u;
    x = (x ^ x >> 30) * 0xBF58476D1CE4E5B9u;
    x = (x ^ x >> 27) * 0x94D049BB133111EBu;
    x ^= x >> 31;
    std::array<std::uint8_t, 8> bytes;
    std::memcpy(bytes.data(), &x, 8);
    switch (mode) {
      case FillMode::bytes:
      case FillMode::bf16_all: break;
      case FillMode::small_int8:
        for (auto& byte : bytes) byte = static_cast<std::uint8_t>(byte % 15 - 7);
        break;
      case FillMode::sparse:
        for (auto& byte : bytes) byte = (byte & 3) == 0 ? byte : 0;
        break;
      case FillMode::bf16_middle:
      case FillMode::bf16_integer: {
        std::array<std::uint16_t, 4> halves;
        std::memcpy(halves.data(), bytes.data(), 8);
        for (auto& half : halves) half = shape_bf16(mode, half);
        std::memcpy(bytes.data(), halves.data(), 8);
        break;
      }
    }
    std::memcpy(memory.data() + i, bytes.data(), 8);
  }
}

RecordedFile parse_recorded_commands(std::span<const std::uint8_t> bytes) {
  Cursor in{ByteView(bytes)};
  if (std::memcmp(in.bytes(sizeof magic, "magic").data(), magic, sizeof magic) != 0)
    damaged(0, "magic", "not a file of recorded commands");
  RecordedFile file;
  const auto count = in.u32("count");
  file.global_bytes = in.u32("global bytes");
  const auto head = in.u32("head");
  if (file.global_bytes > global_limit || file.global_bytes % 8 != 0)
    throw Error(ErrorKind::unsupported, 12, "global bytes", std::to_string(file.global_bytes) + " bytes of memory");
  if (head > head_limit) throw Error(ErrorKind::unsupported, 16, "head", std::to_string(head) + " bytes");
  const auto kinds = in.u16("number of kinds");
  for (unsigned i = 0; i < kinds; ++i) {
    const auto size = in.u8("kind length");
    const auto text = in.bytes(size, "kind name");
    file.kinds.emplace_back(text.begin(), text.end());
  }
  for (std::uint32_t i = 0; i < count; ++i) file.records.push_back(read_record(in, file, head));
  if (in.left() != 0) damaged(in.at(), "end", std::to_string(in.left()) + " bytes follow the last record");
  return file;
}

RecordedFile read_recorded_commands(const std::filesystem::path& path) {
  try {
    const auto bytes = read_file(path, stream_limit);
    static constexpr std::uint8_t xz_magic[] = {0xFD, '7', 'z', 'X', 'Z', 0};
    const bool packed = bytes.size() >= sizeof xz_magic && std::memcmp(bytes.data(), xz_magic, sizeof xz_magic) == 0;
    return parse_recorded_commands(packed ? unpack(bytes) : bytes);
  } catch (const Error& error) {
    throw with_context(error, path.string());
  }
}

std::string to_string(const ReplayResult& result) {
  if (!result.error.empty()) return result.error;
  if (!result.difference) return "equal";
  const auto& difference = *result.difference;
  std::string text = difference.in_global ? "global" : "local";
  if (difference.expected.empty()) return text + " memory differs outside the recorded bytes";
  return text + " address " + std::to_string(difference.address) + ": expected " + hex(difference.expected) + ", got " +
         hex(difference.got);
}

Memory initial_memory(const RecordedCommand& record, std::uint32_t global_bytes) {
  Memory memory(*record.chip, global_bytes);
  fill(memory.local(), record.fill_mode, record.fill_seed);
  fill(memory.global(), record.fill_mode, record.fill_seed + 77);
  for (const auto& [address, bytes] : record.patches)
    std::copy(bytes.begin(), bytes.end(), memory.local_range(address, bytes.size()).begin());
  std::copy(record.base.begin(), record.base.end(), memory.base.begin());
  return memory;
}

ReplayResult replay(const RecordedCommand& record, std::uint32_t global_bytes, const Executor& executor) {
  auto memory = initial_memory(record, global_bytes);
  ReplayResult result;
  try {
    for (const auto& command : record.commands) executor(command, memory);
  } catch (const Error& error) {
    result.error = error.what();
    if (result.error.empty()) result.error = name(error.kind());
    return result;
  }
  const auto before = [&] { return initial_memory(record, global_bytes); };
  if (crc_of(memory.local()) != record.local.crc) {
    result.difference = compare(false, before().local(), memory.local(), record.local);
  } else if (crc_of(memory.global()) != record.global.crc) {
    result.difference = compare(true, before().global(), memory.global(), record.global);
  }
  return result;
}

}  // namespace vnpu::cv18xx
