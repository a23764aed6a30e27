#include "isa/cv18xx/command_stream.h"

#include <algorithm>
#include <cstdio>

#include "base/error.h"
#include "isa/cv18xx/cpu_descriptor.h"

namespace vnpu::cv18xx {
namespace {

std::string hex(std::uint64_t value) {
  char text[24];
  std::snprintf(text, sizeof text, "0x%llx", static_cast<unsigned long long>(value));
  return text;
}

[[noreturn]] void damaged(std::uint64_t where, const std::string& field, const std::string& message) {
  throw Error(ErrorKind::damaged, where, field, message);
}

std::string chip_of_magic(std::uint8_t magic) {
  for (const Chip& chip : chips()) {
    if (chip.cmdbuf_magic == magic) return std::string(chip.name);
  }
  if (magic == 0xA6) return "cv182x";
  if (magic == 0xA5) return "cv183x";
  return "no known chip";
}

bool operation_exists(const TiuCommand& c) {
  switch (c.tsk_typ) {
    case tsk_conv: return true;
    case tsk_pool: return c.tsk_eu_typ <= pool_min;
    case tsk_matmul: return c.tsk_eu_typ != arith_lut;
    case tsk_arith: return c.tsk_eu_typ <= arith_lut;
    default: return false;
  }
}
bool operation_exists(const TdmaCommand& c) {
  return c.spec_func == spec_copy || c.spec_func == spec_transpose || c.spec_func == spec_fill;
}

// Put before a field's name; made only when something is wrong, as a stream has hundreds of thousands of records.
std::string label(std::uint32_t index) { return "command " + std::to_string(index) + " "; }

TiuCommand parse_tiu(ByteView bytes, std::uint32_t index) {
  const TiuCommand command = decode_tiu(bytes.span().first<tiu_bytes>());
  for (unsigned packet = 0; packet < 7; ++packet) {
    const std::uint64_t at = packet * packet_bytes + packet_bytes - 1;
    const unsigned tag = bytes.data()[at] >> 4;
    if (tag != packet) {
      damaged(bytes.file_offset() + at, label(index) + "rsvd" + std::to_string(packet),
              "packet " + std::to_string(packet) + " carries the tag " + std::to_string(tag));
    }
  }
  if (!command.cmd_en) damaged(bytes.file_offset(), label(index) + "cmd_en", "is 0, must be 1");
  if (!operation_exists(command)) check_operation(command, bytes.file_offset(), label(index));
  return command;
}

TdmaCommand parse_tdma(ByteView bytes, std::uint32_t index) {
  const TdmaCommand command = decode_tdma(bytes.span().first<tdma_bytes>());
  if (!command.vld) damaged(bytes.file_offset(), label(index) + "vld", "is 0, must be 1");
  if (!operation_exists(command)) check_operation(command, bytes.file_offset(), label(index));
  return command;
}

}  // namespace

const char* name(Engine engine) {
  switch (engine) {
    case Engine::tiu: return "tiu";
    case Engine::cpu: return "cpu";
    case Engine::tdma: return "tdma";
  }
  return "?";
}

void check_operation(const TiuCommand& command, std::uint64_t where, const std::string& what) {
  if (operation_exists(command)) return;
  const char* why = "is no operation of the TIU";
  if (command.tsk_typ == tsk_pool) why = "is no pooling or depthwise operation";
  if (command.tsk_typ == tsk_matmul) why = "is no matrix multiplication";
  if (command.tsk_typ == tsk_arith) why = "is no tensor arithmetic operation";
  throw Error(ErrorKind::unsupported, where, what + "tsk_typ/tsk_eu_typ",
              std::to_string(command.tsk_typ) + "/" + std::to_string(command.tsk_eu_typ) + " " + why);
}

void check_operation(const TdmaCommand& command, std::uint64_t where, const std::string& what) {
  if (operation_exists(command)) return;
  throw Error(ErrorKind::unsupported, where, what + "spec_func",
              std::to_string(command.spec_func) + " is no operation of the TDMA (0 copy, 1 transpose, 4 fill)");
}

void for_each_record(ByteView section, const Chip& chip, const std::function<void(StreamEntry&&)>& take) {
  std::uint32_t index = 0;
  for (std::uint64_t at = 0; at < section.size(); ++index) {
    const auto part = [&](std::uint64_t from, std::uint64_t bytes, const char* name) {
      if (bytes > section.size() - from) return section.sub(from, bytes, (label(index) + name).c_str());  // throws
      return section.sub(from, bytes, name);
    };
    const ByteView head = part(at, record_header_bytes, "record header");
    const auto [magic, length, engine_byte, flags] =
        std::array{head.u8(0, "magic"), head.u8(1, "length"), head.u8(2, "engine"), head.u8(3, "flags")};
    const std::uint64_t where = head.file_offset();
    if (magic != chip.cmdbuf_magic) {
      damaged(where, label(index) + "magic",
              hex(magic) + " (" + chip_of_magic(magic) + ") in a command buffer for " + std::string(chip.name) + " (" +
                  hex(chip.cmdbuf_magic) + ")");
    }
    const auto engine = static_cast<Engine>(engine_byte);
    if (engine != Engine::tiu && engine != Engine::tdma && engine != Engine::cpu) {
      damaged(where + 2, label(index) + "engine id", hex(engine_byte) + " is not 0 (TIU), 1 (CPU) or 2 (TDMA)");
    }
    const std::size_t expected = engine == Engine::tiu ? tiu_bytes : engine == Engine::tdma ? tdma_bytes : cpu_bytes;
    if (length != expected) {
      damaged(where + 1, label(index) + "length",
              hex(length) + " bytes, a " + name(engine) + " command has " + hex(expected));
    }
    if (flags != 0) damaged(where + 3, label(index) + "flags", hex(flags) + ", must be 0");
    if (const auto mask = head.u32(4, "mask"); mask != 0)
      damaged(where + 4, label(index) + "mask", hex(mask) + ", must be 0");

    const ByteView body = part(at + record_header_bytes, length, "descriptor");
    StreamEntry entry;
    entry.engine = engine;
    entry.file_offset = where;
    entry.index = index;
    switch (engine) {
      case Engine::tiu: entry.command = parse_tiu(body, index); break;
      case Engine::tdma: entry.command = parse_tdma(body, index); break;
      case Engine::cpu: entry.command = parse_cpu_descriptor(body, label(index)); break;
    }
    at += record_header_bytes + length;
    take(std::move(entry));
  }
}

std::vector<StreamEntry> parse_cmdbuf(ByteView section, const Chip& chip) {
  std::vector<StreamEntry> stream;
  for_each_record(section, chip, [&stream](StreamEntry&& entry) { stream.push_back(std::move(entry)); });
  return stream;
}

std::array<std::uint8_t, tiu_bytes> encode_wire(const TiuCommand& command) {
  const auto logical = encode(command);
  std::array<std::uint8_t, tiu_bytes> wire{};
  for (std::size_t i = 0; i < wire_order.size(); ++i) {
    std::copy_n(logical.begin() + wire_order[i] * packet_bytes, packet_bytes, wire.begin() + i * packet_bytes);
    std::uint8_t& last = wire[i * packet_bytes + packet_bytes - 1];
    last = static_cast<std::uint8_t>((last & 0x0F) | wire_order[i] << 4);
  }
  return wire;
}

WireCommand decode_wire(ByteView bytes, const std::string& what) {
  auto logical = encode(TiuCommand{});
  unsigned seen = 0;
  for (std::uint64_t at = 0;; at += packet_bytes) {
    const ByteView packet = bytes.sub(at, packet_bytes, (what + "packet").c_str());
    const unsigned tag = packet.data()[packet_bytes - 1] >> 4;
    const std::uint64_t where = packet.file_offset() + packet_bytes - 1;
    if (tag > 6) damaged(where, what + "packet tag", std::to_string(tag) + " is not 0..6");
    if (seen & 1u << tag) damaged(where, what + "packet tag", std::to_string(tag) + " comes twice in one command");
    seen |= 1u << tag;
    std::copy_n(packet.data(), packet_bytes, logical.begin() + tag * packet_bytes);
    if (tag == 0) return {decode_tiu(logical), at + packet_bytes};
  }
}

std::vector<CommandGroup> split_groups(std::span<const StreamEntry> stream) {
  std::vector<CommandGroup> groups;
  CommandGroup group;
  CpuSync end;
  end.name = "layer_end";
  const auto close = [&](const CpuSync& cpu) {
    group.cpu = cpu;
    group.cpu.num_tiu = static_cast<std::uint32_t>(group.tiu.size());
    group.cpu.num_tdma = static_cast<std::uint32_t>(group.tdma.size());
    groups.push_back(std::move(group));
    group = {};
  };
  for (const StreamEntry& entry : stream) {
    bool last_id = false;
    switch (entry.engine) {
      case Engine::tiu:
        group.tiu.push_back(entry);
        last_id = entry.tiu().cmd_id_tpu == 0xFFFF;
        break;
      case Engine::tdma:
        group.tdma.push_back(entry);
        last_id = entry.tdma().cmd_id == 0xFFFF;
        break;
      case Engine::cpu: close(entry.cpu()); break;
    }
    if (last_id) close(end);
  }
  if (!group.tiu.empty() || !group.tdma.empty()) close(end);
  return groups;
}

}  // namespace vnpu::cv18xx
