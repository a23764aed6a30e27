#include "isa/bm1684x/print.h"

#include <nlohmann/json.hpp>

#include "base/text.h"
#include "isa/bm1684x/fields.h"

namespace vnpu::bm1684x {
namespace {

constexpr std::size_t engine_column = 7, id_column = 12, wait_column = 19, mnemonic_column = 32, operand_column = 58;
constexpr std::size_t name_limit = 120;  // bytes of a name in a line

void column(std::string& line, const std::string& text, std::size_t end) {
  line += text;
  line += ' ';
  if (line.size() < end) line.append(end - line.size(), ' ');
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

const char* other(Engine engine) { return name(engine == Engine::tiu ? Engine::gdma : Engine::tiu); }

template <class Command, class Field>
nlohmann::ordered_json set_fields(std::span<const Field> fields, const Command& command) {
  auto out = nlohmann::ordered_json::object();
  for (const Field& field : fields)
    if (command.*field.member != 0) out[std::string(field.name)] = command.*field.member;
  return out;
}

std::vector<std::pair<std::uint64_t, std::string>> names(const StreamEntry& entry, const PrintOptions& options) {
  std::vector<std::pair<std::uint64_t, std::string>> out;
  if (entry.engine() != Engine::gdma || !options.tensor_name) return out;
  for (const std::uint64_t address : ddr_addresses(entry.gdma())) {
    if (auto name = options.tensor_name(address); !name.empty()) out.emplace_back(address, printable(name));
  }
  return out;
}

}  // namespace

std::string listing_header() {
  return "; INDEX ENGINE #ID wait ENGINE>=ID  OPERATION  OPERANDS  ATTRIBUTES  ; tensors\n"
         "; Operand: address, type, shape NxCxHxW (left out where it is the result's). Addresses: lane+byte "
         "(L3+0x0120), static\n"
         "; memory (S+0x40), L2 SRAM (L2+0x0), ddr+byte; =0x..: a constant. Layouts: aligned (not told), compact, per "
         "channel (vec),\n"
         "; str=N,C,H,W: strides in elements. k, stride, dil, ins: height x width; pad=up,down,left,right; rm: "
         "rounding "
         "mode;\n"
         "; acc: added to the old result; lanes: mask of the lanes written.\n";
}

std::string local_address(std::uint64_t address) {
  return "L" + std::to_string(address / lane_bytes) + "+" + hex(address % lane_bytes, 4);
}

std::string global_address(std::uint64_t address) {
  if (address >= ddr_base) return "ddr+" + hex(address - ddr_base);
  if (address - local_base < local_bytes) return local_address(address - local_base);
  if (address - static_base < static_bytes) return "S+" + hex(address - static_base);
  if (address - l2_base < l2_bytes) return "L2+" + hex(address - l2_base);
  return "@" + hex(address);
}

std::vector<std::uint64_t> ddr_addresses(const GdmaCommand& c) {
  std::vector<std::uint64_t> out;
  const auto add = [&](std::uint64_t address) {
    if (address >= ddr_base) out.push_back(address);
  };
  if (c.cmd_type == dma_sys) return out;
  if (!c.fill_constant_en) add(c.src_address());
  add(c.dst_address());
  if (c.cmd_type == dma_gather || c.cmd_type == dma_scatter || c.cmd_type == dma_masked_select) add(c.index_address());
  return out;
}

std::string print(const StreamEntry& entry, const PrintOptions& options) {
  std::string line;
  column(line, right(entry.index, 5), engine_column);
  column(line, name(entry.engine()), id_column);
  column(line, "#" + std::to_string(entry.id()), wait_column);
  column(line,
         entry.id_dep() ? std::string("wait ") + other(entry.engine()) + ">=" + std::to_string(entry.id_dep()) : "",
         mnemonic_column);
  column(line, entry.mnemonic(), operand_column);
  const Line parts = entry.engine() == Engine::tiu ? line_of(entry.tiu()) : line_of(entry.gdma());
  line += join(parts.operands, ", ");
  if (!parts.attributes.empty()) line += "  " + join(parts.attributes, " ");
  std::vector<std::string> notes;
  for (const auto& [address, name] : names(entry, options)) notes.push_back(shortened(name, name_limit));
  if (!notes.empty()) line += "  ; " + join(notes, ", ");
  while (!line.empty() && line.back() == ' ') line.pop_back();
  return line;
}

nlohmann::ordered_json to_json(const StreamEntry& entry, const PrintOptions& options) {
  nlohmann::ordered_json out;
  out["index"] = entry.index;
  out["offset"] = entry.file_offset;
  out["bytes"] = entry.bytes;
  out["engine"] = name(entry.engine());
  out["mnemonic"] = entry.mnemonic();
  out["id"] = entry.id();
  if (entry.id_dep()) out["wait"] = {{"engine", other(entry.engine())}, {"id", entry.id_dep()}};
  for (const auto& [address, name] : names(entry, options))
    out["tensors"].push_back({{"address", address}, {"name", name}});
  out["fields"] =
      entry.engine() == Engine::tiu ? set_fields(tiu_fields(), entry.tiu()) : set_fields(gdma_fields(), entry.gdma());
  return out;
}

}  // namespace vnpu::bm1684x
