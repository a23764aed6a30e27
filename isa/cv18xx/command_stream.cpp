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

TiuCommand parse_tiu(ByteView bytes, const std::string& what) {
  const TiuCommand command = decode_tiu(bytes.span().first<tiu_bytes>());
  for (unsigned packet = 0; packet < 7; ++packet) {
    const std::uint64_t at = packet * packet_bytes + packet_bytes - 1;
    const unsigned tag = bytes.data()[at] >> 4;
    if (tag != packet) {
      damaged(bytes.file_offset() + at, what + "rsvd" + std::to_string(packet),
              "packet " + std::to_string(packet) + " carries the tag " + std::to_string(tag));
    }
  }
  if (!command.cmd_en) damaged(bytes.file_offset(), what + "cmd_en", "is 0, must be 1");
  check_operation(command, bytes.file_offset(), what);
  return command;
}

TdmaCommand parse_tdma(ByteView bytes, const std::string& what) {
  const TdmaCommand command = decode_tdma(bytes.span().first<tdma_bytes>());
  if (!command.vld) damaged(bytes.file_offset(), what + "vld", "is 0, must be 1");
  check_operation(command, bytes.file_offset(), what);
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
  const auto refuse = [&](const char* why) {
    throw Error(ErrorKind::unsupported, where, what + "tsk_typ/tsk_eu_typ",
                std::to_string(command.tsk_typ) + "/" + std::to_string(command.tsk_eu_typ) + " " + why);
  };
  switch (command.tsk_typ) {
    case tsk_conv: return;
    case tsk_pool:
      if (command.tsk_eu_typ > pool_min) refuse("is no pooling or depthwise operation");
      return;
    case tsk_matmul:
      if (command.tsk_eu_typ == arith_lut) refuse("is no matrix multiplication");
      return;
    case tsk_arith:
      if (command.tsk_eu_typ > arith_lut) refuse("is no tensor arithmetic operation");
      return;
    default: refuse("is no operation of the TIU");
  }
}

void check_operation(const TdmaCommand& command, std::uint64_t where, const std::string& what) {
  const auto f = command.spec_func;
  if (f != spec_copy && f != spec_transpose && f != spec_fill) {
    throw Error(ErrorKind::unsupported, where, what + "spec_func",
                std::to_string(f) + " is no operation of the TDMA (0 copy, 1 transpose, 4 fill)");
  }
}

void for_each_record(ByteView section, const Chip& chip, const std::function<void(StreamEntry&&)>& take) {
  std::uint32_t index = 0;
  for (std::uint64_t at = 0; at < section.size(); ++index) {
    const std::string what = "command " + std::to_string(index) + " ";
    const ByteView head = section.sub(at, record_header_bytes, (what + "record header").c_str());
    const auto [magic, length, engine_byte, flags] =
        std::array{head.u8(0, "magic"), head.u8(1, "length"), head.u8(2, "engine"), head.u8(3, "flags")};
    const std::uint64_t where = head.file_offset();
    if (magic != chip.cmdbuf_magic) {
      damaged(where, what + "magic",
              hex(magic) + " (" + chip_of_magic(magic) + ") in a command buffer for " + std::string(chip.name) + " (" +
                  hex(chip.cmdbuf_magic) + ")");
    }
    const auto engine = static_cast<Engine>(engine_byte);
    if (engine != Engine::tiu && engine != Engine::tdma && engine != Engine::cpu) {
      damaged(where + 2, what + "engine id", hex(engine_byte) + " is not 0 (TIU), 1 (CPU) or 2 (TDMA)");
    }
    const std::size_t expected = engine == Engine::tiu ? tiu_bytes : engine == Engine::tdma ? tdma_bytes : cpu_bytes;
    if (length != expected) {
      damaged(where + 1, what + "length", hex(length) + " bytes, a " + name(engine) + " command has " + hex(expected));
    }
    if (flags != 0) damaged(where + 3, what + "flags", hex(flags) + ", must be 0");
    if (const auto mask = head.u32(4, "mask"); mask != 0) damaged(where + 4, what + "mask", hex(mask) + ", must be 0");

    const ByteView body = section.sub(at + record_header_bytes, length, (what + "descriptor").c_str());
    StreamEntry entry;
    entry.engine = engine;
    entry.file_offset = where;
    entry.index = index;
    switch (engine) {
      case Engine::tiu: entry.command = parse_tiu(body, what); break;
      case Engine::tdma: entry.command = parse_tdma(body, what); break;
      case Engine::cpu: entry.command = parse_cpu_descriptor(body, what); break;
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
