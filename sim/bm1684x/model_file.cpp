#include "sim/bm1684x/model_file.h"

#include <algorithm>
#include <map>
#include <nlohmann/json.hpp>
#include <sstream>

#include "base/error.h"
#include "base/text.h"
#include "isa/bm1684x/print.h"
#include "sim/bm1684x/network.h"

namespace vnpu::bm1684x {
namespace {

using nlohmann::json;

std::string_view type_name(std::uint32_t data_type, DType dtype) {
  return data_type == 9 ? "i4" : data_type == 10 ? "u4" : name(dtype);
}

json tensor_json(const bmodel::Tensor& tensor) {
  json j = {{"name", tensor.name},  {"shape", tensor.shape()}, {"dtype", type_name(tensor.data_type, tensor.dtype)},
            {"bytes", tensor.size}, {"memory", "ddr"},         {"address", tensor.device_addr}};
  if (tensor.scale != 1 || tensor.zero_point != 0) {
    j["qscale"] = tensor.scale;
    j["zero_point"] = tensor.zero_point;
  }
  if (tensor.hidden) j["hidden"] = tensor.hidden;
  return j;
}

json tensors_json(const std::vector<bmodel::Tensor>& tensors) {
  json list = json::array();
  for (const auto& each : tensors) list.push_back(tensor_json(each));
  return list;
}

json blob_json(const bmodel::Blob& blob) { return {{"file_offset", blob.file_offset}, {"bytes", blob.size}}; }

std::string mode_name(const bmodel::Subnet& subnet) {
  switch (subnet.mode) {
    case static_cast<std::int32_t>(bmodel::SubnetMode::tpu): return subnet.is_dynamic ? "tpu dynamic" : "tpu static";
    case static_cast<std::int32_t>(bmodel::SubnetMode::cpu): return "cpu";
    case static_cast<std::int32_t>(bmodel::SubnetMode::merge): return "merge";
    case static_cast<std::int32_t>(bmodel::SubnetMode::switch_): return "switch";
    default: return "mode " + std::to_string(subnet.mode);
  }
}

json subnet_json(const bmodel::Subnet& subnet) {
  json j = {{"kind", mode_name(subnet)}, {"id", subnet.id}};
  json in = json::array(), out = json::array();
  for (const auto& each : subnet.inputs) in.push_back(each.name);
  for (const auto& each : subnet.outputs) out.push_back(each.name);
  j["inputs"] = in;
  j["outputs"] = out;
  if (!subnet.next_ids.empty()) j["next"] = subnet.next_ids;
  if (subnet.is_dynamic) j["ir"] = {{"offset", subnet.ir_offset}, {"bytes", subnet.ir_bytes}};
  for (const auto& cpu : subnet.cpu) j["cpu_layers"].push_back({{"type", cpu.op_type}, {"custom", cpu.is_custom}});
  if (!subnet.groups.empty()) {
    json groups = json::array();
    for (const auto& group : subnet.groups) {
      json g = {{"tiu", group.tiu_count}, {"gdma", group.gdma_count}};
      g["tiu_queue"] = blob_json(group.tiu);
      g["gdma_queue"] = blob_json(group.gdma);
      if (!group.relocations.empty()) g["relocations"] = group.relocations.size();
      groups.push_back(g);
    }
    j["groups"] = groups;
  }
  return j;
}

class BmModelFile final : public ModelFile {
 public:
  explicit BmModelFile(ByteView file)
      : model_(std::make_shared<bmodel::Model>(bmodel::read(file))), file_bytes_(file.size()) {}

  std::string family() const override { return "bm1684x"; }
  std::string chip() const override { return "bm1684x"; }
  unsigned programs() const override { return static_cast<unsigned>(bm1684x::programs(*model_).size()); }
  json describe() const override;
  void disassemble(const DisasmOptions& options, const std::function<void(const std::string&)>& line) const override;
  std::unique_ptr<Network> instantiate(const NetworkOptions& options) const override {
    return std::make_unique<BmNetwork>(model_, options);
  }
  Profile profile(const ProfileOptions&) const override {
    throw Error(ErrorKind::unsupported, "there is no time model of the BM1684X yet");
  }

 private:
  std::vector<std::string> refusals(const ProgramRef& program) const;
  json program_json(const ProgramRef& program) const;

  std::shared_ptr<const bmodel::Model> model_;
  std::uint64_t file_bytes_;
};

// What running would refuse: the container's reasons, and command queues that do not decode.
std::vector<std::string> BmModelFile::refusals(const ProgramRef& program) const {
  auto reasons = model_->refusals(*program.net, *program.stage);
  try {
    ddr_bytes(*program.stage);
    if (reasons.empty()) {
      for (const auto* subnet : subnets_in_order(*program.stage))
        for (const auto& group : subnet->groups) read_commands(group);
    }
  } catch (const Error& error) {
    reasons.emplace_back(error.what());
  }
  return reasons;
}

json BmModelFile::program_json(const ProgramRef& program) const {
  const auto& stage = *program.stage;
  json j = {{"net", program.net->name}, {"stage", program.stage_index}};
  j["inputs"] = tensors_json(stage.inputs);
  j["outputs"] = tensors_json(stage.outputs);
  j["neurons"] = {{"address", stage.ctx_addr}, {"bytes", stage.ctx_size}};
  if (stage.io_size) j["io"] = {{"address", stage.io_addr}, {"bytes", stage.io_size}};
  if (stage.coefficients) {
    json c = blob_json(stage.coefficients->data);
    c["address"] = stage.coefficients->address;
    if (!stage.coefficients->sha256.empty()) c["sha256"] = stage.coefficients->sha256;
    j["coefficients"] = c;
  }
  if (stage.is_dynamic) j["dynamic"] = true;
  if (stage.ir_bytes) j["ir_bytes"] = stage.ir_bytes;
  j["subnets"] = json::array();
  for (const auto& subnet : stage.subnets) j["subnets"].push_back(subnet_json(subnet));
  return j;
}

json BmModelFile::describe() const {
  const auto& model = *model_;
  json j = {{"format", "bmodel"},
            {"format_version", model.version},
            {"chip", "bm1684x"},
            {"converter", model.type},
            {"built", model.time.substr(0, model.time.find('\n'))},
            {"devices", model.device_num},
            {"lanes", lane_count},
            {"file_bytes", file_bytes_}};
  if (!model.nets.empty()) j["name"] = model.nets.front().name;
  json sections = json::array();
  const auto section = [&](const char* type, const std::string& what, std::uint64_t offset, std::uint64_t bytes) {
    sections.push_back({{"type", type}, {"name", what}, {"file_offset", offset}, {"stored_bytes", bytes}});
  };
  section("flatbuffer", "", bmodel::header_bytes, model.flatbuffer_bytes);
  section("binary", "", bmodel::header_bytes + model.flatbuffer_bytes, model.binary_bytes);
  const auto module = [&](const char* key, const std::optional<bmodel::Module>& each) {
    if (!each || each->data.size == 0) return;
    j[key] = blob_json(each->data);
    j[key]["file_name"] = each->file_name;
    section(key, each->file_name, each->data.file_offset, each->data.size);
  };
  module("kernel_module", model.kernel_module);
  module("cpuop_module", model.cpuop_module);
  j["sections"] = sections;
  j["programs"] = json::array();
  std::vector<std::string> all;
  const auto list = bm1684x::programs(model);
  for (std::size_t i = 0; i < list.size(); ++i) {
    j["programs"].push_back(program_json(list[i]));
    for (const auto& reason : refusals(list[i]))
      all.push_back(list.size() > 1 ? "program " + std::to_string(i) + ": " + reason : reason);
  }
  std::uint64_t most = 0, coefficients = 0;
  for (const auto& each : list) {
    most = std::max(most, each.stage->ctx_size + each.stage->io_size);
    if (each.stage->coefficients) coefficients = std::max(coefficients, each.stage->coefficients->data.size);
  }
  j["memory"] = {{"neuron_bytes", most}, {"coefficient_bytes", coefficients}};
  j["refusals"] = all;
  return j;
}

// The name of what lies at a DDR address: the tensor or coefficient with the nearest start at or before it.
class Names {
 public:
  explicit Names(const bmodel::Stage& stage) {
    for (const auto* list : {&stage.inputs, &stage.outputs})
      for (const auto& each : *list) add(each.device_addr, each.size, each.name);
    for (const auto& subnet : stage.subnets)
      for (const auto* list : {&subnet.inputs, &subnet.outputs})
        for (const auto& each : *list) add(each.device_addr, each.size, each.name);
    if (!stage.coefficients) return;
    for (const auto& each : stage.coefficients->locations)
      add(stage.coefficients->address + each.offset, each.size, each.name);
    if (stage.coefficients->locations.empty())
      add(stage.coefficients->address, stage.coefficients->data.size, "coefficients");
  }

  std::string operator()(std::uint64_t address) const {
    const auto next = places_.upper_bound(address);
    if (next == places_.begin()) return {};
    const auto& [start, place] = *std::prev(next);
    if (address - start >= place.size) return {};
    return address == start ? place.name : place.name + "+" + std::to_string(address - start);
  }

 private:
  struct Place {
    std::uint64_t size = 0;
    std::string name;
  };
  void add(std::uint64_t address, std::uint64_t size, const std::string& name) {
    places_.try_emplace(address, Place{size, name});
  }
  std::map<std::uint64_t, Place> places_;
};

void BmModelFile::disassemble(const DisasmOptions& options, const std::function<void(const std::string&)>& line) const {
  const ProgramRef at = program(*model_, options.program);
  const Names names(*at.stage);
  const PrintOptions print{[&](std::uint64_t address) { return names(address); }};
  if (!options.json) {
    std::istringstream header(listing_header());
    for (std::string text; std::getline(header, text);) line(text);
  }
  const auto wanted = [&](const StreamEntry& entry) {
    return (options.engine.empty() || options.engine == name(entry.engine())) && entry.index >= options.first &&
           entry.index <= options.last;
  };
  for (std::size_t s = 0; s < at.stage->subnets.size(); ++s) {
    const auto& subnet = at.stage->subnets[s];
    if (!options.json) {
      line("net " + printable(at.net->name) + ", stage " + std::to_string(at.stage_index) + ", sub-network " +
           std::to_string(s) + " (" + mode_name(subnet) + "):");
    }
    for (const auto& group : subnet.groups) {
      // The end commands are shown too: they are part of the file.
      auto tiu = parse_queue(Engine::tiu, group.tiu.view(), group.tiu_count);
      auto gdma = parse_queue(Engine::gdma, group.gdma.view(), group.gdma_count);
      auto entries = in_order(tiu, gdma);
      for (const auto* queue : {&tiu, &gdma})
        if (!queue->empty()) entries.push_back(queue->back());
      for (const auto& entry : entries) {
        if (!wanted(entry)) continue;
        line(options.json ? to_json(entry, print).dump(-1, ' ', false, json::error_handler_t::replace)
                          : bm1684x::print(entry, print));
      }
    }
  }
}

}  // namespace

bool recognises(ByteView file) { return bmodel::looks_like_bmodel(file); }

std::unique_ptr<ModelFile> open(ByteView file) { return std::make_unique<BmModelFile>(file); }

}  // namespace vnpu::bm1684x
