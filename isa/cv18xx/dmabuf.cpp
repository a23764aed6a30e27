#include <algorithm>
#include <utility>

#include "base/error.h"
#include "isa/cv18xx/command_stream.h"
#include "isa/cv18xx/cpu_descriptor.h"

namespace vnpu::cv18xx {
namespace {

constexpr std::uint64_t header_bytes = 128;
constexpr std::uint16_t magic_m = 0xB5B5, magic_s = 0x1822;

[[noreturn]] void damaged(std::uint64_t where, const std::string& field, const std::string& message) {
  throw Error(ErrorKind::damaged, where, field, message);
}

// The bytes taken by the lists; no two lists may share any. (What bounds the memory of the result are the counts,
// which are checked against dmabuf_size before the lists are read.)
class Taken {
 public:
  explicit Taken(ByteView buffer) : buffer_(buffer) {}

  void add(std::uint64_t begin, std::uint64_t size, const std::string& field) {
    if (size > 0) spans_.push_back({begin, begin + size, field});
  }

  void check() {
    std::sort(spans_.begin(), spans_.end(), [](const Span& a, const Span& b) { return a.begin < b.begin; });
    for (std::size_t i = 1; i < spans_.size(); ++i) {
      if (spans_[i].begin < spans_[i - 1].end) {
        damaged(buffer_.file_offset() + spans_[i].begin, spans_[i].field, "overlaps " + spans_[i - 1].field);
      }
    }
  }

 private:
  struct Span {
    std::uint64_t begin, end;
    std::string field;
  };
  ByteView buffer_;
  std::vector<Span> spans_;
};

class Reader {
 public:
  explicit Reader(ByteView section) : section_(section) {}

  Dmabuf read() {
    Dmabuf out;
    expect(section_.u16(0, "dmabuf magic_m"), magic_m, 0, "dmabuf magic_m");
    expect(section_.u16(2, "dmabuf magic_s"), magic_s, 2, "dmabuf magic_s");
    out.size = section_.u32(4, "dmabuf_size");
    if (out.size < header_bytes) damaged(section_.file_offset() + 4, "dmabuf_size", "smaller than its header");
    buffer_ = section_.sub(0, out.size, "dmabuf_size");
    const std::uint32_t groups = buffer_.u32(8, "cpu_desc_count");
    const std::uint32_t tiu_count = buffer_.u32(12, "bd_desc_count");
    const std::uint32_t tdma_count = buffer_.u32(16, "tdma_desc_count");
    out.tpu_clk_rate = buffer_.u32(20, "tpu_clk_rate");
    out.pmubuf_size = buffer_.u32(24, "pmubuf_size");
    out.pmubuf_offset = buffer_.u32(28, "pmubuf_offset");
    for (unsigned i = 0; i < out.array_base.size(); ++i) {
      out.array_base[i] = buffer_.u64(32 + 8 * i, "arraybase");
    }
    // All descriptors and both counts are checked before any list is taken into memory.
    descriptors_end_ = header_bytes + std::uint64_t{cpu_bytes} * groups;
    buffer_.sub(header_bytes, descriptors_end_ - header_bytes, "cpu_desc_count");
    std::uint64_t tiu_sum = 0, tdma_sum = 0;
    for (std::uint32_t g = 0; g < groups; ++g) {
      CommandGroup& group = out.groups.emplace_back();
      group.cpu =
          parse_cpu_descriptor(buffer_.sub(header_bytes + cpu_bytes * g, cpu_bytes, "cpu descriptor"), label(g));
      tiu_sum += tiu_length(group.cpu);
      tdma_sum += group.cpu.num_tdma;
    }
    expect_sum(tiu_count, tiu_sum, 12, "bd_desc_count");
    expect_sum(tdma_count, tdma_sum, 16, "tdma_desc_count");

    std::uint32_t index = 0;
    Taken taken(buffer_);
    for (std::uint32_t g = 0; g < groups; ++g) {
      read_tiu(out.groups[g], g, index, taken);
      read_tdma(out.groups[g], g, index, taken);
    }
    taken.check();
    return out;
  }

 private:
  static std::string label(std::uint32_t group) { return "group " + std::to_string(group) + " "; }
  static std::uint32_t tiu_length(const CpuSync& cpu) { return cpu.num_tiu & 0xFFFF; }

  void expect(std::uint16_t value, std::uint16_t wanted, std::uint64_t at, const char* field) const {
    if (value != wanted) {
      damaged(section_.file_offset() + at, field, std::to_string(value) + ", must be " + std::to_string(wanted));
    }
  }

  void expect_sum(std::uint32_t count, std::uint64_t sum, std::uint64_t at, const char* field) const {
    const std::uint64_t smallest = at == 12 ? packet_bytes : tdma_bytes;
    if (count != sum) {
      damaged(section_.file_offset() + at, field,
              std::to_string(count) + ", but the descriptors count " + std::to_string(sum));
    }
    if (sum > buffer_.size() / smallest) {
      damaged(section_.file_offset() + at, field, std::to_string(count) + " commands do not fit into dmabuf_size");
    }
  }

  // Drivers store offset / alignment, so an offset that is no multiple of it cannot be meant.
  void check_offset(std::uint64_t offset, std::uint64_t alignment, std::uint32_t group, unsigned word,
                    const char* field) const {
    const std::uint64_t where = buffer_.file_offset() + header_bytes + std::uint64_t{cpu_bytes} * group + 4 * word;
    if (offset % alignment != 0 || offset < descriptors_end_ || offset > buffer_.size()) {
      damaged(where, label(group) + field,
              std::to_string(offset) + " is not a multiple of " + std::to_string(alignment) + " between the " +
                  "descriptors' end (" + std::to_string(descriptors_end_) + ") and dmabuf_size");
    }
  }

  void read_tiu(CommandGroup& group, std::uint32_t g, std::uint32_t& index, Taken& taken) const {
    const std::uint32_t count = tiu_length(group.cpu);
    if (count == 0) return;
    check_offset(group.cpu.offset_tiu, 256, g, 3, "offset_tiu");
    std::uint64_t at = group.cpu.offset_tiu;
    for (std::uint32_t i = 0; i < count; ++i) {
      const std::string what = label(g) + "TIU command " + std::to_string(i) + " ";
      const ByteView rest = buffer_.from(at, (what + "packet").c_str());
      const WireCommand wire = decode_wire(rest, what);
      if (!wire.command.cmd_en) damaged(rest.file_offset(), what + "cmd_en", "is 0, must be 1");
      if (i + 1 == count && !wire.command.cmd_end) {
        damaged(rest.file_offset(), what + "cmd_end", "is 0 in the last command of the list");
      }
      check_operation(wire.command, rest.file_offset(), what);
      group.tiu.push_back({Engine::tiu, wire.command, rest.file_offset(), index++});
      at += wire.size;
    }
    taken.add(group.cpu.offset_tiu, at - group.cpu.offset_tiu, label(g) + "TIU list");
  }

  void read_tdma(CommandGroup& group, std::uint32_t g, std::uint32_t& index, Taken& taken) const {
    const std::uint32_t count = group.cpu.num_tdma;
    if (count == 0) return;
    check_offset(group.cpu.offset_tdma, 64, g, 4, "offset_tdma");
    for (std::uint32_t i = 0; i < count; ++i) {
      const std::string what = label(g) + "TDMA command " + std::to_string(i) + " ";
      const ByteView words =
          buffer_.sub(group.cpu.offset_tdma + std::uint64_t{tdma_bytes} * i, tdma_bytes, (what + "descriptor").c_str());
      const TdmaCommand command = decode_tdma(words.span().first<tdma_bytes>());
      if (!command.vld) damaged(words.file_offset(), what + "vld", "is 0, must be 1");
      if (i + 1 == count && !command.eod) {
        damaged(words.file_offset(), what + "eod", "is 0 in the last command of the list");
      }
      check_operation(command, words.file_offset(), what);
      group.tdma.push_back({Engine::tdma, command, words.file_offset(), index++});
    }
    taken.add(group.cpu.offset_tdma, std::uint64_t{tdma_bytes} * count, label(g) + "TDMA list");
  }

  ByteView section_, buffer_;
  std::uint64_t descriptors_end_ = 0;
};

}  // namespace

CpuSync parse_cpu_descriptor(ByteView bytes, const std::string& what) {
  CpuSync cpu;
  cpu.op_type = bytes.u32(0, "op_type");
  if (cpu.op_type != cpu_op_sync) {
    throw Error(ErrorKind::unsupported, bytes.file_offset(), what + "op_type",
                std::to_string(cpu.op_type) + " is no CPU operation (2 sync)");
  }
  cpu.num_tiu = bytes.u32(4, "num_tiu");
  cpu.num_tdma = bytes.u32(8, "num_tdma");
  cpu.offset_tiu = bytes.u32(12, "offset_tiu");
  cpu.offset_tdma = bytes.u32(16, "offset_tdma");
  cpu.offset_tiu_saved = bytes.u32(20, "offset_tiu_ori_bk");
  cpu.offset_tdma_saved = bytes.u32(24, "offset_tdma_ori_bk");
  const auto text = bytes.from(28, "str").span();
  cpu.name.assign(text.begin(), std::find(text.begin(), text.end(), 0));
  return cpu;
}

Dmabuf parse_dmabuf(ByteView section) { return Reader(section).read(); }

}  // namespace vnpu::cv18xx
