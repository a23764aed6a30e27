#include "isa/k210/print.h"

#include <nlohmann/json.hpp>

namespace vnpu::k210 {
namespace {

constexpr std::size_t what_column = 7, text_column = 30;

std::string map(std::int64_t line, std::uint32_t channels, std::uint32_t height, std::uint32_t width) {
  return "@" + std::to_string(line) + " " + std::to_string(channels) + "x" + std::to_string(height) + "x" +
         std::to_string(width);
}

// " arg_x=-5799936>>15"; empty for 0.
std::string shifted(const char* name, std::int64_t value, std::int64_t shift) {
  if (value == 0) return "";
  return std::string(" ") + name + "=" + std::to_string(value) + (shift == 0 ? "" : ">>" + std::to_string(shift));
}

}  // namespace

std::string mnemonic(const Layer& layer) {
  std::string text = "kpu.";
  if (layer.kernel() == 0) {
    text += (layer.depthwise() ? "dw.kernel" : "kernel") + std::to_string(layer.kernel_type);
  } else {
    const std::string edge = std::to_string(layer.kernel());
    text += (layer.depthwise() ? "dw" : "conv") + edge + "x" + edge;
  }
  const PoolShape* pool = pool_shape(layer.pool_type);
  if (!pool) return text + ".pool" + std::to_string(layer.pool_type);
  return pool->name.empty() ? text : text + "." + std::string(pool->name);
}

std::string listing_header() {
  return "; INDEX  OPERATION  OPERANDS  ATTRIBUTES\n"
         "; @LINE CxHxW: a map in AI RAM, lines of 64 bytes. main+0x..: bytes in main memory; const+0x..: constants.\n"
         "; pad: input value of the ring around a 3x3 kernel's map. arg_x, arg_w: factors of the sums of inputs and\n"
         "; weights, with their right shifts; add: constant of an input channel. loads: number and bytes of the\n"
         "; weight loads.\n";
}

std::string listing_line(std::uint64_t index, const std::string& what, const std::string& text) {
  std::string line = std::to_string(index);
  line.insert(0, line.size() < 5 ? 5 - line.size() : 0, ' ');
  const auto column = [&](std::size_t end) {
    line += ' ';
    if (line.size() < end) line.append(end - line.size(), ' ');
  };
  column(what_column);
  line += what;
  column(text_column);
  line += text;
  while (!line.empty() && line.back() == ' ') line.pop_back();
  return line;
}

std::string operands(const Layer& layer) {
  std::string text = "dst " + map(layer.image_dst_addr, layer.out_channels(), layer.out_height(), layer.out_width()) +
                     ", src " + map(layer.image_src_addr, layer.in_channels(), layer.in_height(), layer.in_width()) +
                     " ";
  if (layer.kernel() == 3) text += " pad=" + std::to_string(layer.pad_value);
  text += shifted("arg_x", layer.arg_x, layer.shr_x) + shifted("arg_w", layer.arg_w, layer.shr_w) +
          shifted("add", layer.arg_add, 0) + " loads=" + std::to_string(layer.loads()) + "x" +
          std::to_string(layer.para_size);
  if (layer.send_data_out != 0) text += " send";
  const auto values = field_values(layer);
  for (std::size_t i = 0; i < values.size(); ++i) {
    const Field& field = layer_fields()[i];
    if (field.effect == Effect::refused && values[i] != 0) {
      text += " " + std::string(field.name) + "=" + std::to_string(values[i]);
    }
  }
  return text;
}

nlohmann::ordered_json to_json(const Layer& layer) {
  nlohmann::ordered_json out{{"mnemonic", mnemonic(layer)}};
  auto fields = nlohmann::ordered_json::object();
  const auto values = field_values(layer);
  for (std::size_t i = 0; i < values.size(); ++i) {
    if (values[i] != 0) fields[std::string(layer_fields()[i].name)] = values[i];
  }
  out["fields"] = fields;
  return out;
}

}  // namespace vnpu::k210
