#include "sim/ax620/network.h"

#include <algorithm>
#include <array>

#include "base/error.h"
#include "sim/core/simd.h"

namespace vnpu::ax620 {
namespace {

// Behind the map: streams of whole lines may read a little beyond the last region.
constexpr std::uint64_t ddr_margin = 4096;

std::uint64_t ddr_size(const CommandList& list) {
  std::uint64_t end = 0;
  for (const auto* regions : {&list.inputs, &list.outputs, &list.swaps, &list.parameters}) {
    for (const auto& region : *regions) end = std::max(end, region.end);
  }
  return end + ddr_margin;
}

constexpr std::array image_formats{"", "BGR_PACKED", "RGB_PACKED", "GRAYSCALE", "YUV_NV12", "YUV_NV21"};

}  // namespace

AxNetwork::AxNetwork(std::shared_ptr<const LoadedModel> model, const NetworkOptions& options)
    : model_(std::move(model)),
      machine_(ddr_size(model_->list), parse_quirks(options.quirks), parse_engine(options.engine)),
      order_(order(model_->jobs)) {
  if (options.program != 0) throw Error(ErrorKind::usage, "a .joint has one program");
  if (!model_->neu) model_->file.main();  // says why
  if (!model_->cpu) throw Error(ErrorKind::unsupported, model_->why_not);
  const auto& image = model_->neu->image;
  const auto& list = model_->list;
  if (list.parameters.empty() && !image.empty())
    throw Error(ErrorKind::damaged, "base_addrs: no place for the parameters");
  if (!list.parameters.empty()) {
    const auto& place = list.parameters.front();
    if (image.size() > place.size()) {
      throw Error(ErrorKind::damaged, "the parameters have " + std::to_string(image.size()) + " bytes, their place " +
                                          std::to_string(place.size()));
    }
    std::ranges::copy(image, machine_.ddr().data() + place.start);
  }
  inputs();
  tensors();  // both check the map against the part's tensors
}

TensorInfo AxNetwork::info(const Region& region, bool is_input) const {
  TensorInfo out;
  out.name = region.name;
  out.is_input = is_input;
  out.byte_size = region.size();
  out.memory = "ddr";
  out.address = region.start;
  const joint::MetaTensor* meta = nullptr;
  for (const auto& tensor : model_->neu->tensors) {
    if (tensor.name == region.name && tensor.is_input == is_input) meta = &tensor;
  }
  if (!meta) throw Error(ErrorKind::damaged, "meta: no tensor '" + region.name + "'");
  out.dtype = meta->dtype;
  out.shape = meta->shape;
  const auto elements = element_count(meta->shape) * size_of(meta->dtype);
  const bool nv12 = is_input && meta->format == 7;
  if (nv12) out.shape = {static_cast<std::int64_t>(region.size())};  // a plane of Y and one of half as many bytes
  if (!nv12 && elements != region.size()) {
    throw Error(ErrorKind::damaged, "tensor '" + region.name + "' of " + to_string(meta->shape) + " has " +
                                        std::to_string(region.size()) + " bytes in the memory map");
  }
  if (is_input && model_->file.topology) {
    for (const auto& tensor : model_->file.topology->inputs) {
      if (tensor.name != region.name || tensor.colour == joint::Colour::unknown) continue;
      out.image.pixel_format = image_formats[static_cast<std::size_t>(tensor.colour)];
      out.image.shape = meta->shape;
    }
  }
  return out;
}

std::vector<TensorInfo> AxNetwork::inputs() const {
  std::vector<TensorInfo> out;
  for (const auto& region : model_->list.inputs) out.push_back(info(region, true));
  return out;
}

std::vector<TensorInfo> AxNetwork::outputs() const {
  std::vector<TensorInfo> out;
  for (const ModelOutput& output : model_->cpu->outputs) {
    TensorInfo& made = out.emplace_back();
    made.name = output.name;
    made.dtype = output.dtype;
    made.shape = output.shape;
    made.byte_size = output.bytes;
    made.memory = output.source.is_region ? "ddr" : "host";
    if (output.source.is_region) made.address = model_->list.outputs[output.source.index].start;
  }
  return out;
}

std::vector<TensorInfo> AxNetwork::tensors() const {
  auto out = inputs();
  for (const auto& region : model_->list.outputs) out.push_back(info(region, false));
  for (const CpuStep& step : model_->cpu->steps) {
    TensorInfo& made = out.emplace_back();
    made.name = step.name;
    made.dtype = step.dtype;
    made.shape = step.shape;
    made.byte_size = step.bytes;
    made.memory = "host";
  }
  return out;
}

const ModelOutput* AxNetwork::output(std::string_view name) const {
  for (const ModelOutput& each : model_->cpu->outputs) {
    if (each.name == name) return &each;
  }
  return nullptr;
}

std::span<const std::uint8_t> AxNetwork::bytes_of(const CpuSource& source) const {
  if (source.is_region) {
    const Region& place = model_->list.outputs[source.index];
    return machine_.ddr().subspan(place.start, place.size());
  }
  return results_.at(source.index);
}

const Region& AxNetwork::region(std::string_view name) const {
  for (const auto* regions : {&model_->list.inputs, &model_->list.outputs}) {
    for (const auto& region : *regions) {
      if (region.name == name) return region;
    }
  }
  throw Error(ErrorKind::usage, "no tensor '" + std::string(name) + "'");
}

void AxNetwork::set_input(std::string_view name, std::span<const std::uint8_t> bytes) {
  for (const auto& region : model_->list.inputs) {
    if (region.name != name) continue;
    if (bytes.size() != region.size()) {
      throw Error(ErrorKind::usage, "input '" + region.name + "' has " + std::to_string(region.size()) + " bytes, " +
                                        std::to_string(bytes.size()) + " given");
    }
    restart();
    std::ranges::copy(bytes, machine_.ddr().data() + region.start);
    return;
  }
  throw Error(ErrorKind::usage, "no input '" + std::string(name) + "'");
}

void AxNetwork::restart() {
  job_ = command_ = 0;
  results_.clear();
}

void AxNetwork::execute_current() {
  if (on_cpu()) {
    const CpuStep& step = model_->cpu->steps[results_.size()];
    std::vector<std::span<const std::uint8_t>> sources;
    for (const CpuSource& source : step.sources) sources.push_back(bytes_of(source));
    results_.push_back(run_step(step, sources));
    return;
  }
  const Job& job = *order_[job_];
  const auto index = job.commands[command_];
  const auto& command = model_->list.commands[index];
  try {
    machine_.execute(command);
  } catch (const Error& error) {
    throw with_context(error, "command " + std::to_string(index) + " " + ax620::name(kind(command)) +
                                  (command.debug().layer_name().empty() ? "" : " " + command.debug().layer_name()));
  }
  if (++command_ == job.commands.size()) {
    ++job_;
    command_ = 0;
  }
}

void AxNetwork::run() {
  if (at_end()) restart();
  while (!at_end()) execute_current();
}

std::optional<StepReport> AxNetwork::next() const {
  if (at_end()) return std::nullopt;
  StepReport out;
  if (on_cpu()) {
    const CpuStep& step = model_->cpu->steps[results_.size()];
    out.routine = execution_units;
    out.text = "cpu " + step.kind + " " + step.name;
    return out;
  }
  const Job& job = *order_[job_];
  const auto index = job.commands[command_];
  const auto& command = model_->list.commands[index];
  out.routine = job.unit;
  out.command = index;
  out.text = std::string(ax620::name(kind(command))) + " " + command.debug().layer_name();
  return out;
}

std::optional<StepReport> AxNetwork::step() {
  const auto report = next();
  if (report) execute_current();
  return report;
}

std::optional<Bytes> AxNetwork::last_result() const {
  if (!results_.empty()) return results_.back();
  if (machine_.written().empty()) return std::nullopt;
  return machine_.written();
}

Tensor AxNetwork::get(std::string_view name) const {
  Tensor out;
  const auto take = [&](DType dtype, const Shape& shape, std::span<const std::uint8_t> bytes) {
    out.dtype = dtype;
    out.shape = shape;
    out.bytes.assign(bytes.begin(), bytes.end());
    return out;
  };
  // An output that the CPU has not made yet is zeros, like fresh memory.
  const auto cpu = [&](std::size_t step) {
    const CpuStep& made = model_->cpu->steps[step];
    return take(made.dtype, made.shape, step < results_.size() ? results_[step] : Bytes(made.bytes));
  };
  if (const ModelOutput* found = output(name)) {
    if (!found->source.is_region) return cpu(found->source.index);
    return take(found->dtype, found->shape, bytes_of(found->source));
  }
  for (std::size_t i = 0; i < model_->cpu->steps.size(); ++i) {
    if (model_->cpu->steps[i].name == name) return cpu(i);
  }
  const auto& place = region(name);
  const bool is_input = std::ranges::any_of(model_->list.inputs, [&](const Region& r) { return &r == &place; });
  const auto described = info(place, is_input);
  return take(described.dtype, described.shape, machine_.ddr().subspan(place.start, place.size()));
}

Bytes AxNetwork::read_local(std::uint64_t address, std::uint64_t size) const {
  const auto ocm = machine_.ocm();
  if (address > ocm.size() || size > ocm.size() - address) {
    throw Error(ErrorKind::fault, "on-chip memory has " + std::to_string(ocm.size()) + " bytes");
  }
  const auto bytes = ocm.subspan(address, size);
  return {bytes.begin(), bytes.end()};
}

Tensor AxNetwork::get_local(std::uint64_t address, DType dtype, const Shape& shape) const {
  Tensor out;
  out.dtype = dtype;
  out.shape = shape;
  out.bytes = read_local(address, element_count(shape) * size_of(dtype));
  return out;
}

}  // namespace vnpu::ax620
