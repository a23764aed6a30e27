#include "sim/ax620/model_file.h"

#include <algorithm>
#include <array>
#include <map>
#include <nlohmann/json.hpp>

#include "base/error.h"
#include "isa/ax620/print.h"
#include "sim/ax620/network.h"
#include "sim/ax620/timing/profile.h"

namespace vnpu::ax620 {
namespace {

using nlohmann::json;

constexpr const char* proof = "decoded, not proven against silicon";
constexpr std::array colours{"FeatureMap", "BGR", "RGB", "GRAY", "NV12", "NV21", "unknown"};

const char* part_name(joint::PartType type) {
  constexpr std::array names{"NEU", "ONNX", "MAGMA", "AXE", "unknown"};
  return names[static_cast<std::size_t>(type)];
}

// Names come from the file: what is not UTF-8 is replaced.
std::string dump(const json& j) { return j.dump(-1, ' ', false, json::error_handler_t::replace); }

json regions_json(const std::vector<Region>& regions) {
  json out = json::array();
  for (const auto& region : regions)
    out.push_back({{"name", region.name}, {"start", region.start}, {"bytes", region.size()}});
  return out;
}

class AxModelFile final : public ModelFile {
 public:
  explicit AxModelFile(ByteView file) : file_size_(file.size()) {
    auto made = std::make_shared<LoadedModel>();
    made->file = joint::read(file);
    const joint::Neu* listed = nullptr;  // any part tells its commands; only a full one runs
    for (const auto& neu : made->file.neus) {
      if (!listed || listed->command_list.empty() || !neu.slim) listed = &neu;
      if (!neu.slim && !made->neu) made->neu = &neu;
    }
    if (!listed) throw Error(ErrorKind::unsupported, "the file has no NEU part");
    part_ = listed;
    list_bytes_ = listed->command_list.size();
    const std::string member = listed->member.empty() ? "" : "member " + listed->member + ": ";
    try {
      made->list = read_command_list(ByteView(listed->command_list), made->file.memory_left);
      made->jobs = jobs(made->list);
    } catch (const Error& error) {
      throw with_context(error, member + "command list");
    }
    try {
      made->cpu = plan_cpu_parts(made->file, *listed, made->list);
    } catch (const Error& error) {
      if (error.kind() != ErrorKind::unsupported) throw with_context(error, member + "meta");
      made->why_not = error.what();
    }
    for (auto& neu : made->file.neus) neu.command_list = {};  // decoded now
    model_ = std::move(made);
  }

  std::string family() const override { return "ax620"; }
  std::string chip() const override { return "ax620a"; }
  unsigned programs() const override { return 1; }

  json describe() const override;
  void disassemble(const DisasmOptions& options, const std::function<void(const std::string&)>& line) const override;

  std::unique_ptr<Network> instantiate(const NetworkOptions& options) const override {
    return std::make_unique<AxNetwork>(model_, options);
  }
  Profile profile(const ProfileOptions& options) const override {
    auto out = profile_model(model_->list, model_->jobs, options);
    if (model_->file.performance) add_estimate(out, *model_->file.performance);
    return out;
  }

 private:
  json describe_inputs() const;
  json describe_outputs() const;
  json describe_commands() const;
  json notes(const json& described) const;
  json describe_tensors(bool inputs) const;

  std::shared_ptr<const LoadedModel> model_;
  const joint::Neu* part_ = nullptr;
  std::uint64_t file_size_, list_bytes_ = 0;
};

json AxModelFile::describe_tensors(bool inputs) const {
  json out = json::array();
  if (!inputs && model_->cpu) {
    for (const auto& output : model_->cpu->outputs) {
      out.push_back({{"name", output.name},
                     {"shape", output.shape},
                     {"dtype", name(output.dtype)},
                     {"memory", output.source.is_region ? "ddr" : "host"},
                     {"bytes", output.bytes}});
    }
    return out;
  }
  for (const auto& tensor : part_->tensors) {
    if (tensor.is_input != inputs) continue;
    json one{
        {"name", tensor.name}, {"shape", tensor.shape}, {"dtype", name(tensor.dtype)}, {"memory", "ddr"}, {"bytes", 0}};
    if (inputs && model_->file.topology) {
      for (const auto& named : model_->file.topology->inputs) {
        if (named.name == tensor.name) one["pixel_format"] = colours[static_cast<std::size_t>(named.colour)];
      }
    }
    for (const auto& region : inputs ? model_->list.inputs : model_->list.outputs) {
      if (region.name == tensor.name) one["bytes"] = region.size();
    }
    out.push_back(std::move(one));
  }
  return out;
}

const char* dtype_name(DType dtype) {
  switch (dtype) {
    case DType::u8: return "uint8";
    case DType::u16: return "uint16";
    case DType::i16: return "int16";
    case DType::f32: return "float32";
    default: return name(dtype).data();
  }
}

// The model's own inputs and outputs as the user's tools show them: in the topology's order, with its shapes.
json AxModelFile::describe_inputs() const {
  json out = json::array();
  if (!model_->file.topology) return out;
  for (const auto& named : model_->file.topology->inputs) {
    json one{{"name", named.name},
             {"layout", named.layout == 1 ? "NCHW" : "NHWC"},
             {"colour", colours[static_cast<std::size_t>(named.colour)]}};
    for (const auto& tensor : part_->tensors) {
      if (tensor.name != named.name || !tensor.is_input) continue;
      one["shape"] = named.shape.empty() ? tensor.shape : named.shape;
      one["dtype"] = dtype_name(tensor.dtype);
    }
    for (const auto& region : model_->list.inputs) {
      if (region.name == named.name) one["bytes"] = region.size();
    }
    out.push_back(std::move(one));
  }
  return out;
}

json AxModelFile::describe_outputs() const {
  json out = json::array();
  if (!model_->file.topology || !model_->cpu) return out;
  const auto& topology = model_->file.topology->outputs;
  for (std::size_t i = 0; i < topology.size(); ++i) {
    const ModelOutput& output = model_->cpu->outputs[i];
    const auto& named = topology[i];
    out.push_back({{"name", output.name},
                   {"tensor", output.tensor},
                   {"layout", named.layout == 1   ? "NCHW"
                              : named.layout == 2 ? "NHWC"
                                                  : ""},
                   {"shape", named.shape.empty() ? output.shape : named.shape},
                   {"dtype", dtype_name(output.dtype)},
                   {"bytes", output.bytes},
                   {"made_by", output.source.is_region ? "NPU" : "CPU"}});
  }
  return out;
}

json AxModelFile::describe_commands() const {
  std::map<std::string, std::size_t> kinds;
  for (const auto& command : model_->list.commands) {
    ++kinds["eu" + std::to_string(command.eu_idx()) + ":" + ax620::name(kind(command))];
  }
  json out{{"total", model_->list.commands.size()}, {"by_unit_and_kind", kinds}};
  for (unsigned e = 0; e < execution_units; ++e) {
    if (!model_->jobs[e].empty()) out["jobs"]["eu" + std::to_string(e)] = model_->jobs[e].size();
  }
  try {
    order(model_->jobs);
    out["dependencies"] = "ok";
  } catch (const Error& error) {
    out["dependencies"] = error.what();
  }
  std::vector<std::uint32_t> streams;
  for (const auto& stream : part_->streams) streams.push_back(stream.commands);
  if (!part_->machine_code.empty()) {
    const auto coded = machine_code_jobs(part_->machine_code, streams);
    bool equal = true;
    for (unsigned e = 0; e < execution_units; ++e) {
      equal = equal && std::ranges::equal(coded[e], model_->jobs[e], [](const Job& a, const Job& b) {
                const auto sorted = [](std::vector<Wait> waits) {
                  std::ranges::sort(waits, {}, [](const Wait& w) { return std::pair(w.unit, w.job); });
                  return waits;
                };
                return a.id == b.id && sorted(a.waits) == sorted(b.waits);
              });
    }
    out["machine_code"] = {{"commands", part_->machine_code.size()}, {"waits_equal_the_list", equal}};
  }
  return out;
}

json AxModelFile::describe() const {
  const auto& file = model_->file;
  json out{{"name", part_->model_name.empty() ? "joint" : part_->model_name},
           {"format", "joint"},
           {"format_version", std::to_string(part_->major) + "." + std::to_string(part_->minor)},
           {"chip", "ax620a"},
           {"file_bytes", file_size_},
           {"container", file.container},
           {"values", proof},
           {"virtual_npu", model_->list.mode}};
  std::uint64_t parameters = 0;
  for (const auto& region : model_->list.parameters) parameters += region.size();
  out["memory"] = {{"ddr_bytes", part_->traffic.total}, {"parameter_bytes", parameters}};
  for (const auto& member : file.members) out["members"].push_back({{"name", member.name}, {"bytes", member.size}});
  if (file.topology) {
    const auto& topology = *file.topology;
    out["converter"] = "Pulsar " + topology.tool_version;
    out["built"] = topology.tool_commit.empty() ? "no commit named" : "commit " + topology.tool_commit;
    for (const auto& part : topology.parts) {
      out["parts"].push_back({{"name", part.name},
                              {"type", part_name(part.type)},
                              {"inputs", part.inputs},
                              {"outputs", part.outputs},
                              {"runs_on", part.type == joint::PartType::neu ? "NPU" : "CPU"}});
    }
    out["input_names"] = topology.input_names;
    out["output_names"] = topology.output_names;
    out["tool_version"] = topology.tool_version;
    out["tool_commit"] = topology.tool_commit;
    out["quantisation"] = !topology.parts.empty() && topology.parts.front().quantisation == 2 ? "8 bit" : "unknown";
    out["model_inputs"] = describe_inputs();
    out["model_outputs"] = describe_outputs();
  }
  out["memory_map"] = {{"inputs", regions_json(model_->list.inputs)},
                       {"outputs", regions_json(model_->list.outputs)},
                       {"parameters", regions_json(model_->list.parameters)},
                       {"swaps", regions_json(model_->list.swaps)}};
  out["traffic"] = {{"loaded", part_->traffic.loaded},
                    {"stored", part_->traffic.stored},
                    {"swapped", part_->traffic.swapped},
                    {"total", part_->traffic.total}};
  out["command_list"] = {{"packed_bytes", part_->command_list_packed}, {"bytes", list_bytes_}};
  out["commands"] = describe_commands();
  if (model_->cpu && !model_->cpu->steps.empty()) {
    json& steps = out["cpu_steps"] = json::array();
    for (const auto& step : model_->cpu->steps) {
      steps.push_back({{"part", step.part},
                       {"kind", step.kind},
                       {"name", step.name},
                       {"shape", step.shape},
                       {"dtype", name(step.dtype)},
                       {"bytes", step.bytes}});
    }
  }
  out["programs"] = json::array({{{"inputs", describe_tensors(true)}, {"outputs", describe_tensors(false)}}});
  out["notes"] = notes(out);
  json refusals = json::array();
  if (!model_->neu) refusals.push_back("a slim part has no parameters and cannot run");
  if (!model_->cpu) refusals.push_back(model_->why_not);
  out["refusals"] = refusals;
  if (file.performance) {
    out["performance"] = {{"header", file.performance->header}, {"rows", file.performance->rows}};
    out["layer_mapping"] = file.performance->mapping;
  }
  return out;
}

// What a person reads first.
json AxModelFile::notes(const json& described) const {
  json out = json::array();
  out.push_back("values: " + std::string(proof) + " (docs/arithmetic_ax620.md)");
  std::string text =
      "virtual NPU " + model_->list.mode + "; " + std::to_string(model_->list.commands.size()) + " commands:";
  const json& commands = described.at("commands");
  for (const auto& [kind, number] : commands.at("by_unit_and_kind").items()) text += " " + kind + " " + number.dump();
  out.push_back(text);
  text = "jobs:";
  if (commands.contains("jobs")) {
    for (const auto& [unit, number] : commands["jobs"].items()) text += " " + unit + " " + number.dump();
  }
  out.push_back(text + "; waits: " + commands.at("dependencies").get<std::string>());
  if (commands.contains("machine_code")) {
    const auto& code = commands["machine_code"];
    out.push_back("machine code: " + code.at("commands").dump() + " commands, its waits " +
                  (code.at("waits_equal_the_list").get<bool>() ? "are those of the list" : "DIFFER from the list"));
  }
  for (const auto& step : described.value("cpu_steps", json::array())) {
    out.push_back("on the CPU: " + step.at("kind").get<std::string>() + " " + step.at("name").get<std::string>() +
                  " of " + step.at("part").get<std::string>() + ", " + step.at("bytes").dump() + " bytes");
  }
  for (const auto& member : described.value("members", json::array())) {
    out.push_back("member " + member.at("name").get<std::string>() + ": " + member.at("bytes").dump() + " bytes");
  }
  return out;
}

void AxModelFile::disassemble(const DisasmOptions& options, const std::function<void(const std::string&)>& line) const {
  if (!options.json) {
    line("; AX620A command list, " + model_->list.mode +
         ". index  unit  job  operation; a sync lists the jobs waited for");
    line("; memory[address+size]{bytes xtimes@step ...}: the first loop is the innermost");
  }
  for (std::size_t i = 0; i < model_->list.commands.size(); ++i) {
    if (i < options.first || i > options.last) continue;
    const auto& command = model_->list.commands[i];
    const std::string unit = "eu" + std::to_string(command.eu_idx());
    if (!options.engine.empty() && options.engine != unit) continue;
    if (options.json) {
      auto one = to_json(command);
      one["index"] = i;
      line(dump(one));
      continue;
    }
    char head[48];
    const std::string id = command.id() > 0 ? "#" + std::to_string(command.id()) : "";
    std::snprintf(head, sizeof head, "%6zu  %s  %-6s ", i, unit.c_str(), id.c_str());
    std::string text = head + print(command);
    if (!command.debug().layer_name().empty()) text += "  ; " + command.debug().layer_name();
    std::ranges::replace_if(
        text, [](unsigned char c) { return c < 0x20 || c == 0x7F; }, '?');
    line(text);
  }
}

}  // namespace

bool recognises(ByteView file) { return joint::recognises(file); }
std::unique_ptr<ModelFile> open(ByteView file) { return std::make_unique<AxModelFile>(file); }

}  // namespace vnpu::ax620
