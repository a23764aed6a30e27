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
  if (!model_->file.axes.empty()) {
    throw Error(ErrorKind::unsupported, "the part " + model_->file.axes.front().member + " runs on the CPU (" +
                                            model_->file.axes.front().magic + "): such parts are not known");
  }
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
  outputs();  // both check the map against the part's tensors
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
  for (const auto& region : model_->list.outputs) out.push_back(info(region, false));
  return out;
}

std::vector<TensorInfo> AxNetwork::tensors() const {
  auto out = inputs();
  std::ranges::move(outputs(), std::back_inserter(out));
  return out;
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

void AxNetwork::restart() { job_ = command_ = 0; }

void AxNetwork::execute_current() {
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
  const Job& job = *order_[job_];
  const auto index = job.commands[command_];
  const auto& command = model_->list.commands[index];
  StepReport out;
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
  if (machine_.written().empty()) return std::nullopt;
  return machine_.written();
}

Tensor AxNetwork::get(std::string_view name) const {
  const auto& place = region(name);
  const bool is_input = std::ranges::any_of(model_->list.inputs, [&](const Region& r) { return &r == &place; });
  const auto described = info(place, is_input);
  Tensor out;
  out.dtype = described.dtype;
  out.shape = described.shape;
  const auto bytes = machine_.ddr().subspan(place.start, place.size());
  out.bytes.assign(bytes.begin(), bytes.end());
  return out;
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
