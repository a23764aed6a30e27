#include "sim/k210/describe.h"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <optional>

#include "base/error.h"
#include "isa/k210/print.h"
#include "isa/k210/stackvm.h"
#include "sim/k210/kpu.h"
#include "sim/k210/network.h"

namespace vnpu::k210 {
namespace {

using Json = nlohmann::json;

std::string dims(const MapShape& shape) {
  return std::to_string(shape.channels) + "x" + std::to_string(shape.height) + "x" + std::to_string(shape.width);
}

std::string known(std::string_view name, std::uint32_t number) {
  return name.empty() ? "unknown " + std::to_string(number) : std::string(name);
}

// All steps of a model, with what they add up to.
struct Steps {
  Json list = Json::array();
  std::uint64_t kpu = 0, cpu = 0, macs = 0, weight_bytes = 0;
  std::uint64_t most_lines = 0;  // input and output of one KPU layer

  // Calls can name the same function again and again.
  void make_room() const {
    if (list.size() == kmodel::steps_limit) {
      throw Error(ErrorKind::unsupported, "the model has more than " + std::to_string(kmodel::steps_limit) + " steps");
    }
  }

  void add_cpu(std::string name, std::string reason) {
    make_room();
    list.push_back(
        {{"index", list.size()}, {"name", std::move(name)}, {"runs_on", "CPU"}, {"because", std::move(reason)}});
    ++cpu;
  }

  void add_unknown(std::string name) {
    list.push_back({{"index", list.size()},
                    {"name", std::move(name)},
                    {"runs_on", "nothing"},
                    {"because", "no runtime knows it"}});
  }

  void add_kpu(const Layer& layer, Arithmetic arithmetic, std::uint32_t batches, bool wide, bool main_memory) {
    make_room();
    const auto in = input_shape(layer), out = output_shape(layer, arithmetic);
    const auto weights = layer.weight_count() * (wide ? 2 : 1);
    const auto work = layer.weight_count() * in.height * in.width * batches;
    std::string reason = "it is a ";
    reason += layer.depthwise() ? "depthwise convolution" : "convolution";
    reason += layer.kernel() == 1 ? " of 1x1" : layer.kernel() == 3 ? " of 3x3" : " of a kernel that does not exist";
    if (layer.pool_type != pool_none) reason += " and its pooling";
    Json step{
        {"index", list.size()},
        {"name", mnemonic(layer)},
        {"runs_on", "KPU"},
        {"because", reason},
        {"text", dims(in) + " -> " + dims(out) + (batches > 1 ? ", " + std::to_string(batches) + " batches" : "") +
                     (main_memory ? ", to main memory" : "")},
        {"macs", work},
        {"weight_bytes", weights},
        {"weight_loads", layer.loads()},
        {"ai_ram_lines", {layer.image_src_addr, layer.image_dst_addr}},
        {"notes", Json::array()}};
    for (const auto& note : check_layer(layer, arithmetic, batches)) {
      step["notes"].push_back((note.refused ? "refused: " : "") + note.field + ": " + note.text);
    }
    if (layer.loads() > 1) {
      step["notes"].push_back("the weights come in " + std::to_string(layer.loads()) +
                              " loads, and the input is read once for each");
    }
    list.push_back(std::move(step));
    ++kpu;
    macs += work;
    weight_bytes += weights;
    most_lines = std::max(most_lines, (in.lines() + out.lines()) * batches);
  }
};

void add_steps(Steps& steps, const kmodel::v3::Model& model) {
  for (const auto& layer : model.layers) {
    const auto name = known(kmodel::v3::name(layer.type), static_cast<std::uint32_t>(layer.type));
    if (const auto* conv = std::get_if<kmodel::v3::Conv>(&layer.body)) {
      steps.add_kpu(decode_layer(conv->descriptor), Arithmetic::v3, 1, !model.eight_bit_weights,
                    layer.main_memory_output);
    } else if (std::holds_alternative<kmodel::v3::Unknown>(layer.body)) {
      steps.add_unknown(name);
    } else {
      steps.add_cpu(name, cpu_reason(layer));
    }
  }
}

void add_steps(Steps& steps, const kmodel::v4::Model& model) {
  for (const auto& node : model.nodes) {
    const auto name = known(kmodel::v4::name(node.opcode), static_cast<std::uint32_t>(node.opcode));
    if (const auto* conv = std::get_if<kmodel::v4::KpuConv2d>(&node.body)) {
      steps.add_kpu(decode_layer(conv->descriptor), Arithmetic::v4, static_cast<std::uint32_t>(conv->batches), false,
                    conv->main_memory_output.size != 0);
    } else if (std::holds_alternative<kmodel::v4::Unknown>(node.body)) {
      steps.add_unknown(name);
    } else {
      steps.add_cpu(name, cpu_reason(node));
    }
  }
}

void add_records(Steps& steps, const std::vector<kmodel::v5::Record>& records) {
  for (const auto& record : records) {
    if (const auto* conv = std::get_if<kmodel::v5::Conv2d>(&record.body)) {
      steps.add_kpu(decode_layer(conv->descriptor), Arithmetic::v4, conv->batches, false, conv->main_out.size != 0);
    } else if (record.type == kmodel::v5::RecordType::upload) {
      steps.add_cpu("upload", "a map in main memory is copied to the AI RAM");
    } else if (record.type == kmodel::v5::RecordType::download) {
      steps.add_cpu("download", "a map in the AI RAM is copied to main memory");
    } else {
      steps.add_cpu("copy", cpu_reason("copy"));
    }
  }
}

// Byte code has no branches, so the numbers that instructions get are known before anything runs.
class Constants {
 public:
  using Value = std::optional<std::int64_t>;

  void follow(const VmInstruction& instruction) {
    switch (instruction.op) {
      case VmOp::ldc_i4: return stack_.push_back(instruction.values[0]);
      case VmOp::ldc_i4_0: return stack_.push_back(0);
      case VmOp::ldc_i4_1: return stack_.push_back(1);
      case VmOp::ldnull:
      case VmOp::ldc_r4:
      case VmOp::lea_buffer: return stack_.push_back(std::nullopt);
      case VmOp::dup: return stack_.push_back(stack_.empty() ? std::nullopt : stack_.back());
      case VmOp::pop: pop(); return;
      case VmOp::stshape: {
        std::vector<Value> extents(static_cast<std::size_t>(instruction.values[1]));
        for (auto i = extents.size(); i-- > 0;) extents[i] = pop();
        shapes_[static_cast<std::size_t>(instruction.values[0])] = std::move(extents);
        return;
      }
      case VmOp::stpaddings:
        for (auto i = 3 * instruction.values[1]; i-- > 0;) pop();
        return;
      case VmOp::tensor: return stack_.clear();
      default: return;
    }
  }

  // The convolution as a version 4 node, whose limits are known; nothing when its numbers are not.
  std::optional<kmodel::v4::Node> convolution(const VmInstruction& instruction) {
    kmodel::v4::Conv2d body;
    auto& window = body.window;
    const auto padding = [&](kmodel::v4::Padding& to) {
      const auto interior = pop(), after = pop(), before = pop();
      if (!interior || !after || !before) return false;
      to = {static_cast<std::int32_t>(*before), static_cast<std::int32_t>(*after)};
      return true;
    };
    if (!padding(window.pad_w) || !padding(window.pad_h)) return std::nullopt;
    const auto image = shape(instruction.values[1]), filters = shape(instruction.values[3]);
    if (!image || !filters || instruction.values[7] < 1 || instruction.values[8] < 1 || instruction.values[9] < 1) {
      return std::nullopt;
    }
    body.in_shape = *image;
    body.out_channels = (*filters)[0];
    window.filter_h = (*filters)[2];
    window.filter_w = (*filters)[3];
    body.groups = static_cast<std::int32_t>(instruction.values[7]);
    window.stride_h = static_cast<std::int32_t>(instruction.values[8]);
    window.stride_w = static_cast<std::int32_t>(instruction.values[9]);
    window.dilation_h = static_cast<std::int32_t>(instruction.values[10]);
    window.dilation_w = static_cast<std::int32_t>(instruction.values[11]);
    return kmodel::v4::Node{kmodel::v4::Opcode::conv2d, instruction.offset, 0, body};
  }

 private:
  Value pop() {
    if (stack_.empty()) return std::nullopt;
    const auto value = stack_.back();
    stack_.pop_back();
    return value;
  }

  std::optional<kmodel::v4::Shape> shape(std::int64_t reg) const {
    const auto& extents = shapes_[static_cast<std::size_t>(reg)];
    kmodel::v4::Shape out{};
    if (extents.size() != out.size()) return std::nullopt;
    for (std::size_t i = 0; i < out.size(); ++i) {
      if (!extents[i] || *extents[i] < 1 || *extents[i] > 1 << 24) return std::nullopt;
      out[i] = static_cast<std::int32_t>(*extents[i]);
    }
    return out;
  }

  std::vector<Value> stack_;
  std::array<std::vector<Value>, 256> shapes_;
};

// In the order of execution: functions of the k210 module where they are called.
void add_steps(Steps& steps, const kmodel::Model& model, const kmodel::v5::Function& function) {
  const auto& modules = model.as_v5()->modules;
  Constants constants;
  for (const auto& instruction : decode_function(model.bytes(function.text.offset, function.text.count, ".text"))) {
    const auto convolution = instruction.is_tensor() && instruction.function == TensorFunction::conv2d
                                 ? constants.convolution(instruction)
                                 : std::nullopt;
    constants.follow(instruction);
    if (!instruction.is_tensor()) continue;
    if (instruction.function != TensorFunction::call) {
      steps.add_cpu(std::string(instruction.name),
                    convolution ? cpu_reason(*convolution) : cpu_reason(instruction.name));
      continue;
    }
    const auto module = static_cast<std::size_t>(instruction.values[1]);
    const auto callee = static_cast<std::size_t>(instruction.values[0]);
    if (module < modules.size() && modules[module].type == kmodel::v5::ModuleType::k210 &&
        callee < modules[module].functions.size()) {
      add_records(steps, read_records(model, modules[module].functions[callee]));
    } else {
      steps.add_cpu("call", "it calls another function of the byte code");
    }
  }
}

void add_all_steps(Steps& steps, const kmodel::Model& model) {
  if (const auto* v3 = model.as_v3()) {
    add_steps(steps, *v3);
  } else if (const auto* v4 = model.as_v4()) {
    add_steps(steps, *v4);
  } else {
    const auto& v5 = *model.as_v5();
    const auto& entry = v5.modules[v5.entry_module];
    if (entry.type == kmodel::v5::ModuleType::k210) {
      add_records(steps, read_records(model, v5.entry()));
    } else {
      add_steps(steps, model, v5.entry());
    }
  }
}

std::uint64_t main_memory_of(const kmodel::Model& model) {
  if (const auto* v3 = model.as_v3()) return v3->main_memory;
  if (const auto* v4 = model.as_v4()) return v4->main_memory;
  std::uint64_t bytes = 0;
  for (const auto& module : model.as_v5()->modules) bytes += module.pool_size(kmodel::v5::Location::data);
  return bytes;
}

Json tensors(const std::vector<TensorInfo>& infos) {
  Json out = Json::array();
  for (const auto& info : infos) {
    out.push_back({{"name", info.name},
                   {"dtype", name(info.dtype)},
                   {"shape", info.shape},
                   {"bytes", info.byte_size},
                   {"memory", info.memory}});
  }
  return out;
}

}  // namespace

Json describe(const kmodel::Model& model) {
  const std::string version = model.as_v3() ? "3" : model.as_v4() ? "4" : "5";
  Json out{{"name", "kmodel"},
           {"format", "kmodel"},
           {"format_version", version},
           {"chip", "k210"},
           {"word_swapped", model.word_swapped},
           {"file_bytes", model.file.size()},
           {"refusals", Json::array()}};
  if (model.word_swapped) out["refusals"].push_back(word_swapped_text);
  Json program{{"inputs", Json::array()}, {"outputs", Json::array()}, {"steps", Json::array()}};
  try {
    const K210Network network(std::make_shared<const kmodel::Model>(model), {});
    program["inputs"] = tensors(network.inputs());
    program["outputs"] = tensors(network.outputs());
  } catch (const Error& error) {
    out["refusals"].push_back(error.what());
  }
  Steps steps;
  try {
    add_all_steps(steps, model);
  } catch (const Error& error) {  // byte code or records that cannot be read
    out["refusals"].push_back(error.what());
  }
  program["steps"] = std::move(steps.list);
  out["programs"] = Json::array({std::move(program)});
  out["memory"] = {{"main_bytes", main_memory_of(model)},
                   {"file_and_main_bytes", main_memory_of(model) + model.file.size()},
                   {"kpu_weight_bytes", steps.weight_bytes},
                   {"ai_ram_bytes", steps.most_lines * line_bytes}};
  out["kpu_steps"] = steps.kpu;
  out["cpu_steps"] = steps.cpu;
  out["macs"] = steps.macs;
  if (const auto* v4 = model.as_v4()) out["foreign_bytes"] = v4->foreign_bytes;
  return out;
}

}  // namespace vnpu::k210
