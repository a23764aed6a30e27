#include "sim/cv18xx/network.h"

#include <algorithm>

#include "base/error.h"
#include "isa/cv18xx/print.h"
#include "sim/cv18xx/tensor_info.h"
#include "sim/cv18xx/tensor_view.h"

namespace vnpu::cv18xx {
namespace {

constexpr std::uint64_t host_limit = std::uint64_t{1} << 30;  // bytes of tensors without device memory

const cvimodel::Program& select(const cvimodel::Model& model, unsigned index) {
  if (index >= model.programs.size()) {
    throw Error(ErrorKind::usage, "program " + std::to_string(index) + " does not exist: the model has " +
                                      std::to_string(model.programs.size()) + " (0.." +
                                      std::to_string(model.programs.size() - 1) + ")");
  }
  return model.programs[index];
}

const Chip& known_chip(const cvimodel::Model& model) {
  const Chip* chip = find_chip(model.header.chip);
  if (!chip)
    throw Error(ErrorKind::unsupported, "chip '" + model.header.chip + "' is not simulated; cv180x and cv181x are");
  return *chip;
}

void refuse_if_needed(const cvimodel::Model& model) {
  const auto reasons = model.refusals();
  if (reasons.empty()) return;
  std::string text = "the model cannot be run: ";
  for (std::size_t i = 0; i < reasons.size(); ++i) text += (i ? "; " : "") + reasons[i];
  throw Error(ErrorKind::unsupported, text);
}

}  // namespace

CvNetwork::CvNetwork(std::shared_ptr<const cvimodel::Model> model, const NetworkOptions& options)
    : model_(std::move(model)),
      program_(select(*model_, options.program)),
      chip_(known_chip(*model_)),
      options_{parse_quirks(options.quirks), parse_engine(options.engine)},
      placement_((refuse_if_needed(*model_), place(*model_, program_))),
      memory_(chip_, placement_.total) {
  check_places(*model_, program_, placement_);
  for (unsigned sel = 0; sel < 8; ++sel) memory_.base[sel] = placement_.regions[sel].address;

  for (const auto& section : model_->sections) {
    if (section.type != cvimodel::SectionType::weight) continue;
    std::ranges::copy(section.bytes,
                      memory_.global_range(placement_.regions[base_weight].address, section.bytes.size()).begin());
  }
  std::uint64_t host_bytes = 0;
  for (const auto& each : program_.tensors) {
    if (each.place) continue;
    host_bytes += each.byte_size();
    if (host_bytes > host_limit) {
      throw Error(ErrorKind::unsupported,
                  "the model's host tensors need more than " + std::to_string(host_limit) + " bytes");
    }
    host_memory_[each.name].resize(each.byte_size());
  }
  for (const auto& routine : program_.routines) {
    Stage stage;
    stage.routine = &routine;
    if (const auto* cpu = std::get_if<cvimodel::CpuRoutine>(&routine.body)) {
      stage.host = cpu;
      stage.name = cpu->function;
      if (!find_host_function(cpu->function)) {
        throw Error(ErrorKind::unsupported, "CPU function '" + cpu->function + "' is not known");
      }
    } else {
      const auto& tpu = std::get<cvimodel::TpuRoutine>(routine.body);
      stage.name = tpu.section;
      const cvimodel::Section* section = model_->find_section(tpu.section);
      if (!section) throw Error(ErrorKind::damaged, "section '" + tpu.section + "' of a routine does not exist");
      stage.entries = read_commands(*section, tpu.is_dmabuf, chip_);
    }
    stages_.push_back(std::move(stage));
  }
  skip_empty_stages();
}

const cvimodel::Tensor& CvNetwork::tensor(std::string_view name) const {
  const auto* found = program_.find(name);
  if (!found) throw Error(ErrorKind::usage, "the model has no tensor '" + std::string(name) + "'");
  return *found;
}

std::span<std::uint8_t> CvNetwork::bytes_of(const cvimodel::Tensor& tensor) const {
  if (!tensor.place) return host_memory_.find(tensor.name)->second;
  return memory_.global_range(memory_.base[tensor.place->sel] + tensor.place->offset, tensor.byte_size());
}

std::vector<TensorInfo> CvNetwork::inputs() const { return tensor_infos(program_, program_.inputs, true); }
std::vector<TensorInfo> CvNetwork::outputs() const { return tensor_infos(program_, program_.outputs, false); }

std::vector<TensorInfo> CvNetwork::tensors() const {
  std::vector<TensorInfo> infos;
  for (const auto& each : program_.tensors)
    infos.push_back(tensor_info(each, std::ranges::count(program_.inputs, each.name) != 0));
  return infos;
}

void CvNetwork::set_input(std::string_view name, std::span<const std::uint8_t> bytes) {
  if (std::ranges::count(program_.inputs, name) == 0) {
    std::string names;
    for (const auto& input : program_.inputs) names += " " + input;
    throw Error(ErrorKind::usage, "the model has no input '" + std::string(name) + "'; its inputs are:" + names);
  }
  const auto to = bytes_of(tensor(name));
  if (bytes.size() != to.size()) {
    throw Error(ErrorKind::usage, "input '" + std::string(name) + "' takes " + std::to_string(to.size()) +
                                      " bytes, not " + std::to_string(bytes.size()));
  }
  std::ranges::copy(bytes, to.begin());
}

Tensor CvNetwork::get(std::string_view name) const {
  const auto& from = tensor(name);
  const auto bytes = bytes_of(from);
  const TensorInfo info = tensor_info(from, false);
  return {info.dtype, info.shape, Bytes(bytes.begin(), bytes.end())};
}

Bytes CvNetwork::read_local(std::uint64_t address, std::uint64_t size) const {
  const auto bytes = memory_.local_range(address, size);
  return Bytes(bytes.begin(), bytes.end());
}

Tensor CvNetwork::get_local(std::uint64_t address, DType dtype, const Shape& shape) const {
  const auto element = static_cast<std::uint32_t>(size_of(dtype));
  if (element > 2) throw Error(ErrorKind::unsupported, "local memory holds no " + std::string(vnpu::name(dtype)));
  const auto dim = [&shape](std::size_t i) {
    if (shape.size() != 4 || shape[i] < 1 || shape[i] > 0xffff) {
      throw Error(ErrorKind::usage, "local tensor of shape " + to_string(shape));
    }
    return static_cast<std::uint32_t>(shape[i]);
  };
  TensorView view;
  view.name = "layer result";
  view.n = dim(0), view.c = dim(1), view.h = dim(2), view.w = dim(3);
  view.element = element;
  view.lanes = chip_.lanes;
  if (address >= memory_.local().size()) throw Error(ErrorKind::fault, "local address behind the local memory");
  view.start_lane = static_cast<std::uint32_t>(address / lane_bytes);
  view.offset = static_cast<std::uint32_t>(address % lane_bytes);
  apply_stride_code(view, stride_aligned);
  require_inside(view, 1, "layer result");
  Tensor out{dtype, shape, {}};
  out.bytes.reserve(view.count() * element);
  view.for_each([&](std::uint64_t at) {
    const auto from = memory_.local_range(at, element);
    out.bytes.insert(out.bytes.end(), from.begin(), from.end());
  });
  return out;
}

HostTensor CvNetwork::host_tensor(const std::string& name, bool output) {
  HostTensor host;
  host.name = name;
  if (const auto* found = program_.find(name)) {
    host.dtype = found->dtype;
    host.shape = found->shape;
    host.bytes = bytes_of(*found);
    if (found->place) {
      const auto end = memory_.base[found->place->sel] + found->place->offset + found->byte_size();
      host.behind = memory_.global().subspan(end);
    }
    return host;
  }
  for (const auto& weight : model_->weights) {
    if (output || weight.name != name) continue;
    host.dtype = weight.dtype;
    host.shape = weight.shape;
    host.bytes = memory_.global_range(memory_.base[weight.place.sel] + weight.place.offset, weight.size);
    return host;
  }
  throw Error(ErrorKind::damaged, "routine tensor '" + name + "' does not exist");
}

void CvNetwork::execute_current() {
  const Stage& stage = stages_[stage_];
  try {
    if (stage.host) {
      HostCall call{stage.host->function, stage.host->attributes, {}, {}, options_.quirks};
      for (const auto& name : stage.routine->inputs) call.inputs.push_back(host_tensor(name, false));
      for (const auto& name : stage.routine->outputs) call.outputs.push_back(host_tensor(name, true));
      run_host_function(call);
      return;
    }
    const StreamEntry& entry = stage.entries[entry_];
    if (const auto* tiu = std::get_if<TiuCommand>(&entry.command)) {
      execute(*tiu, memory_, options_);
    } else if (const auto* tdma = std::get_if<TdmaCommand>(&entry.command)) {
      execute(*tdma, memory_, options_);
    }
  } catch (const Error& error) {
    const std::size_t failed_stage = stage_, failed_entry = entry_;
    restart();
    if (stage.host)
      throw with_context(error, "routine " + std::to_string(failed_stage) + ", host function " + stage.name);
    const StreamEntry& entry = stage.entries[failed_entry];
    char at[32];
    std::snprintf(at, sizeof at, "0x%llx", static_cast<unsigned long long>(entry.file_offset));
    throw with_context(error, stage.name + " command " + std::to_string(entry.index) + " (" + mnemonic(entry) +
                                  ", file offset " + at + ")");
  }
}

void CvNetwork::skip_empty_stages() {
  while (!at_end() && !stages_[stage_].host && stages_[stage_].entries.empty()) ++stage_;
}

void CvNetwork::advance() {
  ++entry_;
  if (stages_[stage_].host || entry_ >= stages_[stage_].entries.size()) {
    ++stage_;
    entry_ = 0;
    skip_empty_stages();
  }
}

void CvNetwork::restart() {
  stage_ = entry_ = 0;
  skip_empty_stages();
}

void CvNetwork::run() {
  while (!at_end()) {
    execute_current();
    advance();
  }
  restart();
}

std::optional<StepReport> CvNetwork::next() const {
  if (at_end()) return std::nullopt;
  const Stage& stage = stages_[stage_];
  StepReport report;
  report.routine = stage_;
  report.command = entry_;
  if (stage.host) {
    report.text = "cpu " + stage.name;
    return report;
  }
  const StreamEntry& entry = stage.entries[entry_];
  report.text = mnemonic(entry);
  if (const auto* tiu = std::get_if<TiuCommand>(&entry.command)) report.layer_id = tiu->layer_info;
  if (const auto* tdma = std::get_if<TdmaCommand>(&entry.command)) report.layer_id = tdma->layer_ID;
  return report;
}

std::optional<StepReport> CvNetwork::step() {
  auto report = next();
  if (!report) {
    restart();
    return std::nullopt;
  }
  execute_current();
  advance();
  return report;
}

}  // namespace vnpu::cv18xx
