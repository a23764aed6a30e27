#include "sim/cv18xx/model_file.h"

#include <algorithm>
#include <map>
#include <nlohmann/json.hpp>

#include "base/digest.h"
#include "base/error.h"
#include "isa/cv18xx/print.h"
#include "sim/cv18xx/host_functions/host_functions.h"
#include "sim/cv18xx/network.h"
#include "sim/cv18xx/tensor_info.h"
#include "sim/cv18xx/timing/profile.h"

namespace vnpu::cv18xx {
namespace {

using nlohmann::json;

std::string_view section_type_name(cvimodel::SectionType type) {
  constexpr std::string_view names[] = {"weight", "cmdbuf", "func_x86", "func_aarch64", "dmabuf"};
  return names[static_cast<std::size_t>(type)];
}

std::string version_text(unsigned major, unsigned minor) { return std::to_string(major) + "." + std::to_string(minor); }

json tensor_json(const TensorInfo& info, const cvimodel::Tensor& tensor) {
  json j = {{"name", info.name},
            {"shape", tensor.shape},
            {"dtype", name(tensor.dtype)},
            {"bytes", info.byte_size},
            {"memory", info.memory}};
  if (info.address) j["offset"] = *info.address;
  if (tensor.quant && tensor.quant->type != cvimodel::QuantType::none) {
    j["qscale"] = tensor.quant->qscale;
    j["zero_point"] = tensor.quant->zero_point;
  }
  if (!tensor.pixel_format.empty()) j["pixel_format"] = tensor.pixel_format;
  if (tensor.aligned) j["aligned"] = true;
  if (!tensor.mean.empty()) j["mean"] = tensor.mean;
  if (!tensor.scale.empty()) j["scale"] = tensor.scale;
  if (tensor.overwrote) j["overwritten_later"] = true;
  return j;
}

// Names come from the file: what is not UTF-8 is replaced.
std::string dump(const json& j) { return j.dump(-1, ' ', false, json::error_handler_t::replace); }

// Without control characters, for a line on a terminal.
std::string printable(std::string text) {
  std::ranges::replace_if(
      text, [](unsigned char c) { return c < 0x20 || c == 0x7F; }, '?');
  return text;
}

std::string host_line(const cvimodel::CpuRoutine& cpu, const cvimodel::Routine& routine, bool as_json) {
  if (as_json) {
    return dump(
        {{"engine", "cpu"}, {"function", cpu.function}, {"inputs", routine.inputs}, {"outputs", routine.outputs}});
  }
  std::string text = "cpu." + cpu.function;
  for (const auto& output : routine.outputs) text += " " + output;
  text += " <-";
  for (const auto& input : routine.inputs) text += " " + input;
  return printable(text);
}

class CvModelFile final : public ModelFile {
 public:
  explicit CvModelFile(ByteView file)
      : model_(std::make_shared<cvimodel::Model>(cvimodel::read(file))), file_size_(file.size()) {}

  std::string family() const override { return "cv18xx"; }
  std::string chip() const override { return model_->header.chip; }
  unsigned programs() const override { return static_cast<unsigned>(model_->programs.size()); }

  json describe() const override;
  void disassemble(const DisasmOptions& options, const std::function<void(const std::string&)>& line) const override;

  std::unique_ptr<Network> instantiate(const NetworkOptions& options) const override {
    return std::make_unique<CvNetwork>(model_, options);
  }
  Profile profile(const ProfileOptions& options) const override { return profile_model(*model_, options); }

 private:
  json describe_program(const cvimodel::Program& program) const;
  json describe_commands(const std::string& section_name, bool is_dmabuf) const;
  std::vector<std::string> refusals() const;

  std::shared_ptr<const cvimodel::Model> model_;
  std::uint64_t file_size_;
};

// What running would refuse: the container's reasons, unknown host functions, command buffers that do not decode.
std::vector<std::string> CvModelFile::refusals() const {
  std::vector<std::string> reasons = model_->refusals();
  const Chip* chip = find_chip(model_->header.chip);
  for (const auto& program : model_->programs) {
    for (const auto& routine : program.routines) {
      if (const auto* cpu = std::get_if<cvimodel::CpuRoutine>(&routine.body)) {
        if (!find_host_function(cpu->function)) reasons.push_back("CPU function '" + cpu->function + "' is not known");
        continue;
      }
      const auto& tpu = std::get<cvimodel::TpuRoutine>(routine.body);
      const auto* section = model_->find_section(tpu.section);
      if (!section || !chip || section->encrypted) continue;
      try {
        read_commands(*section, tpu.is_dmabuf, *chip);
      } catch (const Error& error) {
        reasons.push_back("section " + tpu.section + ": " + error.what());
      }
    }
  }
  return reasons;
}

json CvModelFile::describe_commands(const std::string& section_name, bool is_dmabuf) const {
  const auto* section = model_->find_section(section_name);
  const Chip* chip = find_chip(model_->header.chip);
  if (!section || !chip) return {};
  try {
    std::uint64_t tiu = 0, tdma = 0;
    for (const auto& entry : read_commands(*section, is_dmabuf, *chip)) {
      tiu += std::holds_alternative<TiuCommand>(entry.command);
      tdma += std::holds_alternative<TdmaCommand>(entry.command);
    }
    return {{"tiu", tiu}, {"tdma", tdma}};
  } catch (const Error&) {
    return {};  // named by refusals()
  }
}

json CvModelFile::describe_program(const cvimodel::Program& program) const {
  json j = {
      {"batch", program.batch_num}, {"shared_bytes", program.shared_gmem}, {"private_bytes", program.private_gmem}};
  if (program.neuron_size) j["neuron_bytes"] = program.neuron_size;
  for (const bool input : {true, false}) {
    json list = json::array();
    for (const auto& name : input ? program.inputs : program.outputs) {
      if (const auto* found = program.find(name)) list.push_back(tensor_json(tensor_info(*found, input), *found));
    }
    j[input ? "inputs" : "outputs"] = list;
  }
  json tensors = json::array();
  for (const auto& tensor : program.tensors) tensors.push_back(tensor_json(tensor_info(tensor, false), tensor));
  j["tensors"] = tensors;
  json routines = json::array();
  for (const auto& routine : program.routines) {
    json r = {{"inputs", routine.inputs}, {"outputs", routine.outputs}};
    if (const auto* cpu = std::get_if<cvimodel::CpuRoutine>(&routine.body)) {
      r["kind"] = "cpu";
      r["function"] = cpu->function;
      json attributes = json::object();
      for (const auto& attribute : cpu->attributes) {
        std::visit([&](const auto& value) { attributes[attribute.key] = value; }, attribute.value);
      }
      r["attributes"] = attributes;
    } else {
      const auto& tpu = std::get<cvimodel::TpuRoutine>(routine.body);
      r["kind"] = "tpu";
      r["section"] = tpu.section;
      r["commands"] = describe_commands(tpu.section, tpu.is_dmabuf);
    }
    routines.push_back(r);
  }
  j["routines"] = routines;
  return j;
}

json CvModelFile::describe() const {
  const auto& model = *model_;
  json j = {{"format", "cvimodel"},
            {"format_version", version_text(model.header.major, model.header.minor)},
            {"name", model.name},
            {"chip", model.header.chip},
            {"converter", model.mlir_version},
            {"built", model.build_time},
            {"target", model.target},
            {"file_bytes", file_size_}};
  if (const Chip* chip = find_chip(model.header.chip)) j["lanes"] = chip->lanes;
  json sections = json::array();
  std::uint64_t weight_bytes = 0;
  for (const auto& section : model.sections) {
    if (section.type == cvimodel::SectionType::weight) weight_bytes += section.bytes.size();
    json s = {{"name", section.name},
              {"type", section_type_name(section.type)},
              {"file_offset", section.file_offset},
              {"stored_bytes", section.stored_size},
              {"bytes", section.bytes.size()},
              {"md5", md5_hex(section.bytes)}};
    if (section.compressed) s["compressed"] = true;
    if (section.encrypted) s["encrypted"] = true;
    sections.push_back(s);
  }
  j["sections"] = sections;
  json weights = json::array();
  for (const auto& weight : model.weights) {
    weights.push_back({{"name", weight.name},
                       {"shape", weight.shape},
                       {"dtype", name(weight.dtype)},
                       {"bytes", weight.size},
                       {"offset", weight.place.offset}});
  }
  j["weights"] = weights;
  json programs = json::array();
  for (const auto& program : model.programs) programs.push_back(describe_program(program));
  j["programs"] = programs;
  j["memory"] = {{"ion_bytes", model.ion_bytes()}, {"weight_bytes", weight_bytes}};
  j["refusals"] = refusals();
  return j;
}

void CvModelFile::disassemble(const DisasmOptions& options, const std::function<void(const std::string&)>& line) const {
  const auto& model = *model_;
  if (options.program >= model.programs.size()) {
    throw Error(ErrorKind::usage, "program " + std::to_string(options.program) + " does not exist: the model has " +
                                      std::to_string(model.programs.size()));
  }
  const auto& program = model.programs[options.program];
  const Chip* chip = find_chip(model.header.chip);
  if (!chip) throw Error(ErrorKind::unsupported, "chip '" + model.header.chip + "' is not known");

  // The name of what lies at a global address: the tensor or weight with the nearest start at or before it.
  std::array<std::map<std::uint64_t, std::pair<std::uint64_t, std::string>>, 8> names;
  const auto add = [&](const cvimodel::Place& place, std::uint64_t size, const std::string& label) {
    auto& [extent, label_here] = names[place.sel & 7][place.offset];
    extent = std::max(extent, size);
    if (label_here.size() > 120) return;  // enough for a comment
    if (!label_here.empty()) label_here += "|";
    label_here += label;
  };
  for (const auto& weight : model.weights) add(weight.place, weight.size, weight.name);
  for (const auto& tensor : program.tensors) {
    if (tensor.place) add(*tensor.place, tensor.byte_size(), tensor.name);
  }
  PrintOptions print(*chip);
  print.tensor_name = [&](unsigned sel, std::uint64_t offset) -> std::string {
    const auto& table = names[sel & 7];
    auto next = table.upper_bound(offset);
    if (next == table.begin()) return {};
    const auto& [start, what] = *std::prev(next);
    if (offset - start >= what.first) return {};
    return offset == start ? what.second : what.second + "+" + std::to_string(offset - start);
  };
  if (options.layer_names) {
    print.layer_name = [&](unsigned id) {
      return id < options.layer_names->size() ? (*options.layer_names)[id] : std::string();
    };
  }

  if (!options.json) {
    const std::string header = listing_header();
    for (std::size_t at = 0; at < header.size();) {
      const std::size_t end = std::min(header.find('\n', at), header.size());
      line(header.substr(at, end - at));
      at = end + 1;
    }
  }
  // Positions count within a section, as they are printed; a host function stands at position 0.
  const auto in_range = [&](std::uint64_t position) { return position >= options.first && position <= options.last; };
  const auto wanted = [&](std::string_view engine, std::uint64_t position) {
    return (options.engine.empty() || options.engine == engine) && in_range(position);
  };
  for (const auto& routine : program.routines) {
    if (const auto* cpu = std::get_if<cvimodel::CpuRoutine>(&routine.body)) {
      if (wanted("cpu", 0)) line(host_line(*cpu, routine, options.json));
      continue;
    }
    const auto& tpu = std::get<cvimodel::TpuRoutine>(routine.body);
    const auto* section = model.find_section(tpu.section);
    if (!section) throw Error(ErrorKind::damaged, "section '" + tpu.section + "' of a routine does not exist");
    if (!options.json) line("section " + printable(tpu.section) + ":");
    for (const auto& entry : read_commands(*section, tpu.is_dmabuf, *chip)) {
      if (!wanted(name(entry.engine), entry.index)) continue;
      line(options.json ? to_json(entry, print).dump() : vnpu::cv18xx::print(entry, print));
    }
  }
}

}  // namespace

bool recognises(ByteView file) { return cvimodel::looks_like_cvimodel(file); }

std::unique_ptr<ModelFile> open(ByteView file) { return std::make_unique<CvModelFile>(file); }

}  // namespace vnpu::cv18xx
