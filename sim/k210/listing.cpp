#include "sim/k210/listing.h"

#include <cstring>
#include <nlohmann/json.hpp>

#include "base/error.h"
#include "isa/k210/print.h"
#include "isa/k210/stackvm.h"
#include "sim/k210/v3_layers.h"

namespace vnpu::k210 {
namespace {

using nlohmann::ordered_json;

// What one step shows: either a KPU layer or text.
struct Entry {
  std::uint64_t index = 0, offset = 0;
  std::string engine, what, text;
  const kmodel::Descriptor* descriptor = nullptr;
};

class Lister {
 public:
  Lister(const DisasmOptions& options, const std::function<void(const std::string&)>& line)
      : options_(options), line_(line) {
    if (options.program != 0) throw Error(ErrorKind::usage, "program 1 does not exist: a kmodel has one");
    const std::string header = listing_header();
    for (std::size_t at = 0; at < header.size() && !options.json;) {
      const std::size_t end = header.find('\n', at);
      line_(header.substr(at, end - at));
      at = end + 1;
    }
  }

  void heading(const std::string& text) {
    if (!options_.json) line_(text);
  }

  void add(const Entry& entry) {
    if (!options_.engine.empty() && options_.engine != entry.engine) return;
    if (entry.index < options_.first || entry.index > options_.last) return;
    Layer layer;
    if (entry.descriptor) layer = decode_layer(*entry.descriptor);
    if (options_.json) {
      ordered_json j{{"index", entry.index}, {"offset", entry.offset}, {"engine", entry.engine}};
      if (entry.descriptor) j.update(to_json(layer));
      if (!entry.descriptor) j["mnemonic"] = entry.what;
      if (!entry.text.empty()) j["operands"] = entry.text;
      line_(j.dump());
      return;
    }
    std::string text = entry.text;
    if (entry.descriptor) text = operands(layer) + (text.empty() ? "" : " " + text);
    line_(listing_line(entry.index, entry.descriptor ? mnemonic(layer) : entry.what, text));
  }

 private:
  const DisasmOptions& options_;
  const std::function<void(const std::string&)>& line_;
};

std::string hex(const char* memory, std::uint64_t address) {
  char text[48];
  std::snprintf(text, sizeof text, "%s+0x%llx", memory, static_cast<unsigned long long>(address));
  return text;
}
std::string main(std::uint64_t address) { return hex("main", address); }
std::string line_at(std::uint64_t line) { return "@" + std::to_string(line); }

std::string dims(std::uint64_t c, std::uint64_t h, std::uint64_t w) {
  return std::to_string(c) + "x" + std::to_string(h) + "x" + std::to_string(w);
}

// Operands of a version 3 layer that is no convolution.
struct V3Text {
  using string = std::string;
  static string count(std::uint64_t n) { return "  count=" + std::to_string(n); }
  static string in_out(std::uint64_t in, std::uint64_t out) { return "dst " + main(out) + ", src " + main(in); }
  static string number(float v) {
    char text[32];
    std::snprintf(text, sizeof text, "%.9g", static_cast<double>(v));
    return text;
  }

  string operator()(const kmodel::v3::Unknown&) const { return ""; }
  string operator()(const kmodel::v3::Conv& l) const { return "main " + main(l.main_out); }
  string operator()(const kmodel::v3::Add& l) const {
    return "dst " + main(l.out) + ", src " + main(l.in_a) + ", " + main(l.in_b) + count(l.count);
  }
  string operator()(const kmodel::v3::QuantizedAdd& l) const {
    const auto side = [](const char* name, std::int32_t offset, std::int32_t mul, std::int32_t shift) {
      return string(" ") + name + "=(" + std::to_string(offset) + "," + std::to_string(mul) + ">>" +
             std::to_string(shift) + ")";
    };
    return "dst " + main(l.out) + ", src " + main(l.in_a) + ", " + main(l.in_b) + count(l.count) +
           side("a", l.a_offset, l.a_mul, l.a_shift) + side("b", l.b_offset, l.b_mul, l.b_shift) +
           side("out", l.out_offset, l.out_mul, l.out_shift);
  }
  string operator()(const kmodel::v3::GlobalAveragePool& l) const {
    return in_out(l.in, l.out) + "  channels=" + std::to_string(l.channels) + " of " + std::to_string(l.kernel_size);
  }
  string operator()(const kmodel::v3::Pool& l) const {
    const auto shape = [](const kmodel::v3::Dims& d) { return " " + dims(d.channels, d.height, d.width); };
    const auto two = [](std::uint32_t a, std::uint32_t b) { return std::to_string(a) + "x" + std::to_string(b); };
    return "dst " + main(l.out) + shape(l.out_shape) + ", src " + main(l.in) + shape(l.in_shape) +
           "  k=" + two(l.kernel_h, l.kernel_w) + " stride=" + two(l.stride_h, l.stride_w) +
           " pad=" + two(l.padding_h, l.padding_w);
  }
  string operator()(const kmodel::v3::Quantize& l) const {
    return in_out(l.in, l.out) + count(l.count) + " scale=" + number(l.scale) + " bias=" + number(l.bias);
  }
  string operator()(const kmodel::v3::Requantize& l) const { return in_out(l.in, l.out) + count(l.count); }
  string operator()(const kmodel::v3::Channelwise& l) const { return in_out(l.in, l.out) + count(l.channels); }
  string operator()(const kmodel::v3::Concat& l) const {
    string text = "dst " + main(l.out) + ", src";
    for (const auto& piece : l.pieces) text += " " + main(piece.start) + ":" + std::to_string(piece.size);
    return text;
  }
  string operator()(const kmodel::v3::FullyConnected& l) const {
    constexpr const char* acts[] = {"", " relu", " relu6"};
    return in_out(l.in, l.out) + "  " + std::to_string(l.in_channels) + "->" + std::to_string(l.out_channels) +
           (l.act < 3 ? acts[l.act] : " act=" + std::to_string(l.act));
  }
  string operator()(const kmodel::v3::Flatten& l) const {
    return in_out(l.in, l.out) + " " + dims(l.shape.channels, l.shape.height, l.shape.width);
  }
  string operator()(const kmodel::v3::Resize& l) const {
    return "dst " + main(l.out) + " " + dims(l.shape.channels, l.out_height, l.out_width) + ", src " + main(l.in) +
           " " + dims(l.shape.channels, l.shape.height, l.shape.width);
  }
  string operator()(const kmodel::v3::ChannelwiseDequantize& l) const {
    return in_out(l.in, l.out) + "  channels=" + std::to_string(l.channels) + " of " + std::to_string(l.channel_size);
  }
  string operator()(const kmodel::v3::AddPadding& l) const {
    return "dst " + line_at(l.kpu_out) + ", src " + main(l.in) + "  channels=" + std::to_string(l.channels);
  }
  string operator()(const kmodel::v3::RemovePadding& l) const { return in_out(l.in, l.out) + count(l.channels); }
  string operator()(const kmodel::v3::Upload& l) const {
    return "dst " + line_at(l.kpu_out) + " " + dims(l.shape.channels, l.shape.height, l.shape.width) + ", src " +
           main(l.in);
  }
};

std::string text_of(const kmodel::v4::MemoryRange& range) {
  constexpr const char* memories[] = {"const", "main", "ram"};
  const auto memory = static_cast<std::uint32_t>(range.memory);
  return hex(memories[memory < 3 ? memory : 0], range.start) + ":" + std::to_string(range.size) +
         (range.type == kmodel::v4::DataType::float32 ? " f32" : " u8");
}

// Where a version 4 node reads and writes; every body names its ranges alike.
struct V4Text {
  std::string operator()(const kmodel::v4::Unknown&) const { return ""; }
  std::string operator()(const kmodel::v4::KpuConv2d& n) const {
    std::string text = n.batches == 1 ? "" : "batches=" + std::to_string(n.batches);
    if (n.main_memory_output.size != 0) text += (text.empty() ? "" : " ") + ("main " + text_of(n.main_memory_output));
    return text;
  }
  std::string operator()(const kmodel::v4::Concat& n) const {
    std::string text = "dst " + text_of(n.out) + ", src";
    for (const auto& input : n.inputs) text += " " + text_of(input.range);
    return text;
  }
  template <class Node>
  std::string operator()(const Node& n) const {
    std::string text = "dst " + text_of(n.out);
    if constexpr (requires { n.a; }) {
      text += ", src " + text_of(n.a) + ", " + text_of(n.b);
    } else {
      text += ", src " + text_of(n.in);
    }
    if constexpr (requires { n.in_shape; }) {
      const auto& s = n.in_shape;
      text +=
          "  in=" + std::to_string(s[0]) + "x" +
          dims(static_cast<std::uint64_t>(s[1]), static_cast<std::uint64_t>(s[2]), static_cast<std::uint64_t>(s[3]));
    }
    if constexpr (requires { n.op; }) text += "  op=" + std::to_string(n.op);
    return text;
  }
};

std::string known(std::string_view name, std::uint32_t number) {
  return name.empty() ? "type" + std::to_string(number) : std::string(name);
}

void list_v3(const kmodel::v3::Model& model, Lister& lister) {
  for (std::size_t i = 0; i < model.layers.size(); ++i) {
    const auto& layer = model.layers[i];
    Entry entry{i,
                layer.offset,
                "cpu",
                "cpu." + known(name(layer.type), static_cast<std::uint32_t>(layer.type)),
                std::visit(V3Text{}, layer.body),
                nullptr};
    if (const auto* conv = std::get_if<kmodel::v3::Conv>(&layer.body)) {
      entry.engine = "kpu";
      entry.descriptor = &conv->descriptor;
      if (!layer.main_memory_output) entry.text.clear();
    }
    lister.add(entry);
  }
}

void list_v4(const kmodel::v4::Model& model, Lister& lister) {
  for (std::size_t i = 0; i < model.nodes.size(); ++i) {
    const auto& node = model.nodes[i];
    Entry entry{i,
                node.offset,
                "cpu",
                "cpu." + known(name(node.opcode), static_cast<std::uint32_t>(node.opcode)),
                std::visit(V4Text{}, node.body),
                nullptr};
    if (const auto* conv = std::get_if<kmodel::v4::KpuConv2d>(&node.body)) {
      entry.engine = "kpu";
      entry.descriptor = &conv->descriptor;
    }
    lister.add(entry);
  }
}

std::string text_of(const kmodel::v5::MemoryRange& range) {
  const char* memory = "mem";
  switch (range.location) {
    case kmodel::v5::Location::input: memory = "input"; break;
    case kmodel::v5::Location::output: memory = "output"; break;
    case kmodel::v5::Location::rdata: memory = "rdata"; break;
    case kmodel::v5::Location::data: memory = "data"; break;
    case kmodel::v5::Location::shared_data: memory = "shared"; break;
    case kmodel::v5::Location::kpu_ram: memory = "ram"; break;
  }
  return hex(memory, range.start) + ":" + std::to_string(range.size);
}

void list_record(const kmodel::v5::Record& record, std::uint64_t index, Lister& lister) {
  constexpr const char* names[] = {"upload", "download", "conv", "copy"};
  Entry entry{index, record.offset, "cpu", std::string("cpu.") + names[static_cast<std::uint8_t>(record.type) & 3],
              "",    nullptr};
  if (const auto* conv = std::get_if<kmodel::v5::Conv2d>(&record.body)) {
    entry.engine = "kpu";
    entry.descriptor = &conv->descriptor;
    if (conv->batches != 1) entry.text = "batches=" + std::to_string(conv->batches) + " ";
    entry.text += "weights " + text_of(conv->weights);
    if (conv->main_out.size != 0) entry.text += ", main " + text_of(conv->main_out);
  } else {
    std::visit(
        [&]<class Body>(const Body& body) {
          if constexpr (requires { body.in; }) {
            entry.text = "dst " + text_of(body.out) + ", src " + text_of(body.in) + "  " +
                         std::to_string(body.shape[0]) + "x" + dims(body.shape[1], body.shape[2], body.shape[3]);
          }
        },
        record.body);
  }
  lister.add(entry);
}

void list_v5(const kmodel::Model& model, Lister& lister) {
  const auto& body = *model.as_v5();
  for (std::size_t m = 0; m < body.modules.size(); ++m) {
    const auto& module = body.modules[m];
    for (std::size_t f = 0; f < module.functions.size(); ++f) {
      const auto& function = module.functions[f];
      lister.heading("module " + std::to_string(m) + " function " + std::to_string(f) + ":");
      std::uint64_t index = 0;
      if (module.type == kmodel::v5::ModuleType::k210) {
        for (const auto& record : read_records(model, function)) list_record(record, index++, lister);
      } else if (module.type == kmodel::v5::ModuleType::stackvm) {
        const auto code = model.bytes(function.text.offset, function.text.count, "text");
        for (const auto& instruction : decode_function(code)) {
          lister.add({index++, function.text.offset + instruction.offset, "vm", to_string(instruction), "", nullptr});
        }
      }
    }
  }
}

}  // namespace

void list_model(const kmodel::Model& model, const DisasmOptions& options,
                const std::function<void(const std::string&)>& line) {
  Lister lister(options, line);
  if (model.as_v3()) list_v3(*model.as_v3(), lister);
  if (model.as_v4()) list_v4(*model.as_v4(), lister);
  if (model.as_v5()) list_v5(model, lister);
}

}  // namespace vnpu::k210
