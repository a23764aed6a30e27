#include "isa/cv18xx/print.h"

#include <nlohmann/json.hpp>

#include "isa/cv18xx/print_parts.h"

namespace vnpu::cv18xx {
namespace {

constexpr std::size_t id_column = 7, wait_column = 13, mnemonic_column = 29, operand_column = 54, comment_column = 116;
constexpr std::size_t name_limit = 120;  // bytes of a name in a line

void pad(std::string& line, std::size_t column) {
  if (line.size() < column) line.append(column - line.size(), ' ');
}

void column(std::string& line, const std::string& text, std::size_t end) {
  line += text;
  line += ' ';
  pad(line, end);
}

std::string join(const std::vector<std::string>& parts, const char* separator) {
  std::string out;
  for (const std::string& part : parts) out += (out.empty() ? "" : separator) + part;
  return out;
}

std::string right(std::uint64_t value, std::size_t width) {
  std::string text = std::to_string(value);
  return text.size() < width ? std::string(width - text.size(), ' ') + text : text;
}

// What all engines' commands have in common.
struct Common {
  std::uint32_t id = 0;
  const char* waits_for = nullptr;
  std::uint32_t wait = 0;
  std::uint32_t layer = 0;
  std::vector<std::pair<GlobalSide, std::string>> tensors;  // known names only
};

Common common(const StreamEntry& entry, const PrintOptions& options) {
  Common out;
  if (entry.engine == Engine::tiu) {
    const TiuCommand& c = entry.tiu();
    out.id = c.cmd_id_tpu;
    out.layer = c.layer_info;
    if (c.cmd_id_en && c.cmd_id_gdma) out.waits_for = "tdma";
    out.wait = c.cmd_id_gdma;
  } else if (entry.engine == Engine::tdma) {
    const TdmaCommand& c = entry.tdma();
    out.id = c.cmd_id;
    out.layer = c.layer_ID;
    if (c.wait_id_tpu) out.waits_for = "tiu";
    out.wait = c.wait_id_tpu;
    if (options.tensor_name) {
      for (const GlobalSide& side : global_sides(c)) {
        std::string name = options.tensor_name(side.sel, side.offset);
        if (!name.empty()) out.tensors.emplace_back(side, printable(name));
      }
    }
  }
  return out;
}

std::string layer_name(const PrintOptions& options, std::uint32_t layer) {
  return options.layer_name ? printable(options.layer_name(layer)) : std::string();
}

template <class Command>
nlohmann::ordered_json changed_fields(std::span<const Field> fields, const Command& command) {
  auto out = nlohmann::ordered_json::object();
  const auto values = field_values(command);
  for (std::size_t i = 0; i < fields.size(); ++i) {
    if (values[i] != fields[i].reset) out[std::string(fields[i].name)] = values[i];
  }
  return out;
}

}  // namespace

std::string mnemonic(const StreamEntry& entry) {
  switch (entry.engine) {
    case Engine::tiu: return mnemonic(entry.tiu());
    case Engine::tdma: return mnemonic(entry.tdma());
    case Engine::cpu: break;
  }
  return "cpu.sync";
}

std::string listing_header() {
  return "; INDEX #ID wait ENGINE>=ID  OPERATION  OPERANDS  ATTRIBUTES  ; layer, tensors\n"
         "; Operand: address, shape NxCxHxW (left out where it is the first operand's; matrices in global memory "
         "ROWSxCOLUMNS),\n"
         "; type where the mnemonic does not tell it. Addresses: lane+byte (L0+0x0120) or base register+offset "
         "(weight+0x40).\n"
         "; str=N,C,H,W: byte strides, told where the layout is not the packed one (-: dimension of size 1); tight: "
         "channels\n"
         "; of a lane follow each other unaligned; row: bytes from row to row. hi: where the high bytes of 16-bit data "
         "lie.\n"
         "; k, stride, dil, ins: height x width; pad=up,down,left,right or one number; fill: padding and inserted "
         "cells.\n"
         "; ps: 32-bit partial sums, first = stored, mid = loaded and stored, last = loaded; plane: distance of their "
         "planes.\n"
         "; m, shift: multiplier and right shift. opd2 of .qdm: channel records of 9 bytes, or 5 without bias.\n";
}

std::string print(const StreamEntry& entry, const PrintOptions& options) {
  const Common facts = common(entry, options);
  std::string line;
  column(line, right(entry.index, 5) + " ", id_column);
  column(line, entry.engine == Engine::cpu ? "" : "#" + std::to_string(facts.id), wait_column);
  column(line, facts.waits_for ? std::string("wait ") + facts.waits_for + ">=" + std::to_string(facts.wait) : "",
         mnemonic_column);
  column(line, mnemonic(entry), operand_column);
  Line parts;
  if (entry.engine == Engine::tiu) parts = line_of(entry.tiu(), options);
  if (entry.engine == Engine::tdma) parts = line_of(entry.tdma(), options);
  if (entry.engine == Engine::cpu) parts.operands.push_back(printable(entry.cpu().name));
  line += join(parts.operands, ", ");
  if (!parts.attributes.empty()) line += "  " + join(parts.attributes, " ");
  if (entry.engine != Engine::cpu) {
    const std::string name = layer_name(options, facts.layer);
    parts.notes.insert(parts.notes.begin(), "layer " + std::to_string(facts.layer) +
                                                (name.empty() ? "" : " " + shortened(name, name_limit)));
    for (const auto& [side, tensor] : facts.tensors) {
      if (tensor != name) parts.notes.push_back(shortened(tensor, name_limit));
    }
  }
  if (!parts.notes.empty()) {
    pad(line, comment_column);
    line += "  ; " + join(parts.notes, ", ");
  }
  while (!line.empty() && line.back() == ' ') line.pop_back();
  return line;
}

std::string listing(std::span<const StreamEntry> stream, const PrintOptions& options) {
  std::string out;
  for (const StreamEntry& entry : stream) out += print(entry, options) + "\n";
  return out;
}

nlohmann::ordered_json to_json(const StreamEntry& entry, const PrintOptions& options) {
  const Common facts = common(entry, options);
  nlohmann::ordered_json out;
  out["index"] = entry.index;
  out["offset"] = entry.file_offset;
  out["engine"] = name(entry.engine);
  out["mnemonic"] = mnemonic(entry);
  if (entry.engine == Engine::cpu) {
    const CpuSync& cpu = entry.cpu();
    out["name"] = printable(cpu.name);
    out["num_tiu"] = cpu.num_tiu;
    out["num_tdma"] = cpu.num_tdma;
    return out;
  }
  out["id"] = facts.id;
  if (facts.waits_for) out["wait"] = {{"engine", facts.waits_for}, {"id", facts.wait}};
  out["layer"] = facts.layer;
  if (const std::string name = layer_name(options, facts.layer); !name.empty()) out["layer_name"] = name;
  for (const auto& [side, tensor] : facts.tensors) {
    out["tensors"].push_back({{"sel", side.sel}, {"offset", side.offset}, {"name", tensor}});
  }
  out["fields"] = entry.engine == Engine::tiu ? changed_fields(tiu_fields(), entry.tiu())
                                              : changed_fields(tdma_fields(), entry.tdma());
  return out;
}

}  // namespace vnpu::cv18xx
