// model_tool: what is in a .bmodel.
#include <map>

#include "base/error.h"
#include "devices/sophon/bm_runtime.h"
#include "devices/sophon/programs.h"
#include "devices/text.h"
#include "models/bmodel/model.h"

namespace vnpu::sophon {
namespace {

using devices::text;
using ull = unsigned long long;

constexpr const char* usage =
    "Usage:\n"
    "  model_tool\n"
    "    [bmodel]:\n"
    "      --info model_file : show brief model info\n"
    "      --chip model_file : show chip of model\n"
    "      --dynamic model_file : true or false\n"
    "      --print model_file : show detailed model info\n"
    "      --weight model_file : show model weight info\n\n";

std::string dtype_name(const bmodel::Tensor& tensor) {
  static constexpr const char* names[] = {"float32", "float16", "int8",     "uint8", "int16", "uint16",
                                          "int32",   "uint32",  "bfloat16", "int4",  "uint4"};
  return tensor.data_type < std::size(names) ? names[tensor.data_type] : "unknown";
}

bool dynamic(const bmodel::Net& net) {
  for (const auto& stage : net.stages) {
    if (stage.is_dynamic) return true;
  }
  return false;
}

std::string tensor_line(const char* word, const bmodel::Tensor& tensor, bool may_vary) {
  std::string shape;
  for (const auto dimension : tensor.shape())
    shape += (shape.empty() ? "" : ", ") + std::string(may_vary ? "max:" : "") + std::to_string(dimension);
  return text("%s: %s, [%s], %s, scale: %g, zero_point: %d\n", word, tensor.name.c_str(), shape.c_str(),
              dtype_name(tensor).c_str(), static_cast<double>(tensor.scale), tensor.zero_point);
}

struct Memory {
  std::uint64_t weight = 0, instruct = 0, runtime = 0;
};

Memory memory_of(const bmodel::Model& model) {
  Memory out;
  for (const auto& net : model.nets) {
    std::uint64_t weight = 0;  // the tool takes the stages of a net to share theirs
    for (const auto& stage : net.stages) {
      if (stage.coefficients) weight = std::max(weight, stage.coefficients->data.size);
      out.runtime = std::max(out.runtime, stage.ctx_size);
      for (const auto& subnet : stage.subnets) {
        out.instruct += std::uint64_t{4} * subnet.ir_bytes;  // four bytes a unit of the length, as the tool counts
        for (const auto& group : subnet.groups) out.instruct += group.tiu.size + group.gdma.size;
      }
    }
    out.weight += weight;
  }
  return out;
}

std::string info(const bmodel::Model& model) {
  std::string out = "bmodel version: " + model.type + "." + model.version + "\nchip: " + model.chip +
                    "\ncreate time: " + model.time + (model.time.ends_with('\n') ? "" : "\n") + "\n";
  const auto& module = model.kernel_module;
  out += "kernel_module name: " + (module ? module->file_name : "") + "\n";
  out += text("kernel_module size: %llu\n", static_cast<ull>(module ? module->data.size : 0)) + "kernel mode: normal\n";
  for (std::size_t n = 0; n < model.nets.size(); ++n) {
    const auto& net = model.nets[n];
    const bool varies = dynamic(net);
    out += "==========================================\n";
    out += text("net %zu: [%s]  %s\n", n, net.name.c_str(), varies ? "dynamic" : "static");
    if (net.addr_mode != 0) out += text("addr mode: %d\n", net.addr_mode);
    for (std::size_t s = 0; s < net.stages.size(); ++s) {
      const auto& stage = net.stages[s];
      out += text("------------\nstage %zu, core num: %u\n", s, std::max(stage.core_num, 1u));
      if (stage.subnets.size() > 1) out += text("subnet number: %zu\n", stage.subnets.size());
      for (const auto& each : stage.inputs) out += tensor_line("input", each, varies);
      for (const auto& each : stage.outputs) out += tensor_line("output", each, false);
    }
  }
  const Memory memory = memory_of(model);
  out += text("\ndevice mem size: %llu (weight: %llu, instruct: %llu, runtime: %llu)\n",
              static_cast<ull>(memory.weight + memory.instruct + memory.runtime), static_cast<ull>(memory.weight),
              static_cast<ull>(memory.instruct), static_cast<ull>(memory.runtime));
  return out + "host mem size: 0 (weight: 0, runtime: 0)\n";
}

// The flatbuffer as text with its own field names.
class Printer {
 public:
  std::string out;

  void open(const std::string& name, char bracket) {
    comma();
    out += (name.empty() ? "" : name + ": ") + bracket;
    ++depth_;
    first_ = true;
  }
  void close(char bracket) {
    --depth_;
    first_ = true;
    out += "\n" + std::string(static_cast<std::size_t>(2 * depth_), ' ') + bracket;
    first_ = false;
  }
  void value(const std::string& name, const std::string& words) {
    comma();
    out += (name.empty() ? "" : name + ": ") + words;
  }
  void number(const std::string& name, auto n) { value(name, std::to_string(n)); }
  void string(const std::string& name, const std::string& words) {
    std::string quoted = "\"";
    for (const char c : words) {
      if (c == '\n') {
        quoted += "\\n";
      } else if (c == '"' || c == '\\') {
        quoted += std::string("\\") + c;
      } else if (static_cast<unsigned char>(c) < 0x20) {
        quoted += text("\\x%02X", static_cast<unsigned>(c));
      } else {
        quoted += c;
      }
    }
    value(name, quoted + "\"");
  }

 private:
  void comma() {
    if (depth_ == 0) return;
    out += std::string(first_ ? "" : ",") + "\n" + std::string(static_cast<std::size_t>(2 * depth_), ' ');
    first_ = false;
  }
  int depth_ = 0;
  bool first_ = true;
};

// Six decimals, without the zeros at the end but for one.
std::string float_text(float value) {
  std::string out = text("%.6f", static_cast<double>(value));
  const auto last = out.find_last_not_of('0');
  if (last != std::string::npos && out.find('.') != std::string::npos) out.resize(last + (out[last] == '.' ? 2 : 1));
  return out;
}

void print_tensors(Printer& p, const std::string& name, const std::vector<bmodel::Tensor>& tensors) {
  p.open(name, '[');
  for (const auto& tensor : tensors) {
    p.open("", '{');
    p.string("name", tensor.name);
    p.number("data_type", tensor.data_type);
    p.number("gmem_stmode", tensor.gmem_stmode);
    p.number("device_addr", tensor.device_addr);
    p.number("size", tensor.size);
    p.open("shape", '[');
    for (const auto& shape : tensor.shapes) {
      p.open("", '{');
      p.open("dim", '[');
      for (const auto dimension : shape) p.number("", dimension);
      p.close(']');
      p.close('}');
    }
    p.close(']');
    p.number("mem_type", tensor.mem_type);
    p.value("scale", float_text(tensor.scale));
    p.number("cpu_addr", tensor.cpu_addr);
    p.number("pad_h", tensor.pad_h);
    p.number("zero_point", tensor.zero_point);
    p.number("hidden", tensor.hidden);
    p.number("index", tensor.index);
    p.close('}');
  }
  p.close(']');
}

void print_blob(Printer& p, const std::string& name, const bmodel::Blob& blob, std::uint64_t base) {
  p.open(name, '{');
  p.number("start", blob.file_offset - std::min(blob.file_offset, base));
  p.number("size", blob.size);
  p.close('}');
}

void print_subnet(Printer& p, const bmodel::Subnet& subnet, std::uint64_t base) {
  p.open("", '{');
  p.number("subnet_mode", subnet.mode);
  if (!subnet.groups.empty()) p.open("cmd_group", '[');
  for (const auto& group : subnet.groups) {
    p.open("", '{');
    p.number("bdc_num", group.tiu_count);
    p.number("gdma_num", group.gdma_count);
    print_blob(p, "binary_bdc", group.tiu, base);
    print_blob(p, "binary_gdma", group.gdma, base);
    p.number("bdc_cmd_byte", group.tiu_bytes);
    p.number("gdma_cmd_byte", group.gdma_bytes);
    p.close('}');
  }
  if (!subnet.groups.empty()) p.close(']');
  p.number("is_dynamic", static_cast<int>(subnet.is_dynamic));
  p.number("ir_offset", subnet.ir_offset);
  p.number("ir_len", subnet.ir_bytes);
  print_tensors(p, "input_tensor", subnet.inputs);
  print_tensors(p, "output_tensor", subnet.outputs);
  p.open("next_subnet_ids", '[');
  for (const auto id : subnet.next_ids) p.number("", id);
  p.close(']');
  p.number("id", subnet.id);
  p.close('}');
}

void print_stage(Printer& p, const bmodel::Stage& stage, std::uint64_t base) {
  p.open("", '{');
  print_tensors(p, "input_tensor", stage.inputs);
  print_tensors(p, "output_tensor", stage.outputs);
  p.number("ctx_addr", stage.ctx_addr);
  p.number("ctx_size", stage.ctx_size);
  if (stage.coefficients) {
    const auto& coefficients = *stage.coefficients;
    p.open("coeff_mem", '{');
    p.number("address", coefficients.address);
    p.open("check_code", '[');
    for (std::size_t i = 0; i + 1 < coefficients.sha256.size(); i += 2)
      p.number("", std::stoi(coefficients.sha256.substr(i, 2), nullptr, 16));
    p.close(']');
    print_blob(p, "binary_coeff", coefficients.data, base);
    p.open("location", '[');
    for (const auto& each : coefficients.locations) {
      p.open("", '{');
      p.string("name", each.name);
      p.number("offset", each.offset);
      p.number("size", each.size);
      p.close('}');
    }
    p.close(']');
    p.number("encrypt_mode", coefficients.encrypt_mode);
    p.close('}');
  }
  p.number("is_dynamic", static_cast<int>(stage.is_dynamic));
  p.open("sub_net", '[');
  for (const auto& subnet : stage.subnets) print_subnet(p, subnet, base);
  p.close(']');
  p.number("io_addr", stage.io_addr);
  p.number("io_size", stage.io_size);
  p.number("core_num", stage.core_num);
  p.close('}');
}

std::string print(const bmodel::Model& model) {
  const std::uint64_t base = bmodel::header_bytes + model.flatbuffer_bytes;  // ranges count from the binary section
  Printer p;
  p.open("", '{');
  p.string("type", model.type);
  p.string("version", model.version);
  p.string("time", model.time);
  p.string("chip", model.chip);
  p.open("net", '[');
  for (const auto& net : model.nets) {
    p.open("", '{');
    p.string("name", net.name);
    p.open("parameter", '[');
    for (const auto& stage : net.stages) print_stage(p, stage, base);
    p.close(']');
    p.number("addr_mode", net.addr_mode);
    p.close('}');
  }
  p.close(']');
  p.number("neuron_size", model.neuron_size);
  p.number("device_num", model.device_num);
  p.number("bmodel_type", model.bmodel_type);
  p.close('}');
  return p.out + "\n";
}

std::string weights(const bmodel::Model& model) {
  std::string out;
  for (std::size_t n = 0; n < model.nets.size(); ++n) {
    for (std::size_t s = 0; s < model.nets[n].stages.size(); ++s) {
      const auto& stage = model.nets[n].stages[s];
      if (!stage.coefficients || stage.coefficients->locations.empty()) continue;
      out += text("net %zu : \"%s\", stage:%zu\n-------------------------------\n", n, model.nets[n].name.c_str(), s);
      for (const auto& each : stage.coefficients->locations) {
        out += text("%s : [0x%llx, 0x%llx)\n", each.name.c_str(), static_cast<ull>(each.offset),
                    static_cast<ull>(each.offset + each.size));
      }
      out += "==========================================\n";
    }
  }
  return out;
}

}  // namespace

int model_tool(devices::Process& process) {
  const auto& argv = process.argv;
  const std::string what = argv.size() > 1 ? argv[1] : "";
  static const std::map<std::string, std::string (*)(const bmodel::Model&)> shows{
      {"--info", info},
      {"--chip", [](const bmodel::Model& model) { return model.chip; }},
      {"--dynamic",
       [](const bmodel::Model& model) {
         for (const auto& net : model.nets)
           if (dynamic(net)) return std::string("true");
         return std::string("false");
       }},
      {"--print", print},
      {"--weight", weights}};
  const auto show = shows.find(what);
  if (show == shows.end() || argv.size() < 3) {
    process.print(usage);
    return 1;
  }
  const auto file = read_whole(process, argv[2]);
  if (!file) {
    process.complain("[BMODEL][ModelCtx:510] FATAL: bmodel file[" + argv[2] + "] is not correct\n");
    return 1;
  }
  try {
    process.print(show->second(bmodel::read(view_of(*file))));
    return 0;
  } catch (const Error& error) {
    process.complain("[BMODEL][ModelCtx:528] FATAL: File[" + argv[2] + "] is broken .. (" + error.what() + ")\n");
    return 1;
  }
}

}  // namespace vnpu::sophon
