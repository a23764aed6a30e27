#include "sim/bm1684x/network.h"

#include <algorithm>
#include <set>

#include "base/error.h"

namespace vnpu::bm1684x {
namespace {

constexpr std::uint64_t ddr_limit_bytes = std::uint64_t{16} << 30;

const ProgramRef& refuse_if_needed(const bmodel::Model& model, const ProgramRef& program) {
  const auto reasons = model.refusals(*program.net, *program.stage);
  if (reasons.empty()) return program;
  std::string text;
  for (const auto& reason : reasons) text += (text.empty() ? "" : "; ") + reason;
  throw Error(ErrorKind::unsupported, "net '" + program.net->name + "': " + text);
}

// The end of an area that must lie in DDR.
std::uint64_t area_end(const bmodel::Stage& stage, std::uint64_t address, std::uint64_t size, const std::string& what) {
  if (size == 0) return 0;
  if (address < ddr_base) throw Error(ErrorKind::damaged, stage.file_offset, what, "lies below the start of DDR");
  if (address >= ddr_limit || size > ddr_limit_bytes || address - ddr_base > ddr_limit_bytes - size) {
    throw Error(ErrorKind::unsupported, stage.file_offset, what,
                "ends beyond the first " + std::to_string(ddr_limit_bytes >> 30) + " GiB of DDR");
  }
  return address - ddr_base + size;
}

bool inside(const bmodel::Tensor& tensor, std::uint64_t address, std::uint64_t size) {
  return tensor.device_addr >= address && tensor.size <= size && tensor.device_addr - address <= size - tensor.size;
}

std::uint64_t dense_bytes(const bmodel::Tensor& tensor) {
  return static_cast<std::uint64_t>(element_count(tensor.shape())) * size_of(tensor.dtype);
}

}  // namespace

std::vector<ProgramRef> programs(const bmodel::Model& model) {
  std::vector<ProgramRef> all;
  for (const auto& net : model.nets)
    for (std::size_t i = 0; i < net.stages.size(); ++i) all.push_back({&net, &net.stages[i], i});
  return all;
}

ProgramRef program(const bmodel::Model& model, unsigned index) {
  const auto all = programs(model);
  if (index >= all.size()) {
    throw Error(ErrorKind::usage, "program " + std::to_string(index) + " does not exist: the model has " +
                                      std::to_string(all.size()) + " (0.." + std::to_string(all.size() - 1) + ")");
  }
  return all[index];
}

std::vector<const bmodel::Subnet*> subnets_in_order(const bmodel::Stage& stage) {
  std::vector<const bmodel::Subnet*> order;
  std::set<const bmodel::Subnet*> seen;
  const bmodel::Subnet* next = &stage.subnets.front();
  while (next) {
    if (!seen.insert(next).second)
      throw Error(ErrorKind::damaged, next->file_offset, "next_subnet_ids", "the sub-networks form a loop");
    order.push_back(next);
    if (next->next_ids.empty() || next->next_ids == std::vector{-1}) break;
    if (next->next_ids.size() > 1)
      throw Error(ErrorKind::unsupported, next->file_offset, "next_subnet_ids", "a sub-network has several successors");
    const auto id = next->next_ids.front();
    const auto found = std::ranges::find(stage.subnets, id, &bmodel::Subnet::id);
    if (found == stage.subnets.end()) {
      throw Error(ErrorKind::damaged, next->file_offset, "next_subnet_ids",
                  "sub-network " + std::to_string(id) + " does not exist");
    }
    next = &*found;
  }
  return order;
}

std::vector<StreamEntry> read_commands(const bmodel::CommandGroup& group) {
  return in_order(parse_queue(Engine::tiu, group.tiu.view(), group.tiu_count),
                  parse_queue(Engine::gdma, group.gdma.view(), group.gdma_count));
}

TensorInfo tensor_info(const bmodel::Tensor& tensor, bool input) {
  TensorInfo info;
  info.name = tensor.name;
  info.dtype = tensor.dtype;
  info.shape = tensor.shape();
  const bool floating = tensor.dtype == DType::f32 || tensor.dtype == DType::f16 || tensor.dtype == DType::bf16;
  if (!floating) {
    info.qscale = tensor.scale;
    info.zero_point = tensor.zero_point;
  }
  info.byte_size = dense_bytes(tensor);
  info.memory = "ddr";
  info.address = tensor.device_addr;
  info.is_input = input;
  if (input) info.image.shape = info.shape;
  return info;
}

std::uint64_t ddr_bytes(const bmodel::Stage& stage) {
  std::uint64_t end = area_end(stage, stage.ctx_addr, stage.ctx_size, "ctx_addr");
  end = std::max(end, area_end(stage, stage.io_addr, stage.io_size, "io_addr"));
  if (stage.coefficients)
    end = std::max(end, area_end(stage, stage.coefficients->address, stage.coefficients->data.size, "coeff_mem"));
  for (const auto* list : {&stage.inputs, &stage.outputs}) {
    for (const auto& tensor : *list) {
      if (tensor.size < dense_bytes(tensor)) {
        throw Error(ErrorKind::damaged, stage.file_offset, "tensor '" + tensor.name + "' size",
                    std::to_string(tensor.size) + " bytes do not hold its shape");
      }
      if (!inside(tensor, stage.ctx_addr, stage.ctx_size) && !inside(tensor, stage.io_addr, stage.io_size)) {
        throw Error(ErrorKind::damaged, stage.file_offset, "tensor '" + tensor.name + "' device_addr",
                    "lies outside of the stage's memory");
      }
    }
  }
  return end;
}

BmNetwork::BmNetwork(std::shared_ptr<const bmodel::Model> model, const NetworkOptions& options)
    : model_(std::move(model)),
      program_(refuse_if_needed(*model_, program(*model_, options.program))),
      options_{parse_engine(options.engine)},
      local_fill_(options.local_fill),
      memory_(ddr_bytes(*program_.stage)) {
  if (local_fill_ != 0) std::ranges::fill(memory_.local(), local_fill_);
  const auto& stage = *program_.stage;
  if (stage.coefficients && stage.coefficients->data.bytes) {
    const Bytes& bytes = *stage.coefficients->data.bytes;
    std::ranges::copy(bytes, memory_.range(stage.coefficients->address, bytes.size()).begin());
  }
  for (const auto* subnet : subnets_in_order(stage))
    for (const auto& group : subnet->groups) parts_.push_back({read_commands(group)});
  skip_empty_parts();
}

std::vector<TensorInfo> BmNetwork::inputs() const {
  std::vector<TensorInfo> out;
  for (const auto& each : program_.stage->inputs) out.push_back(tensor_info(each, true));
  return out;
}

std::vector<TensorInfo> BmNetwork::outputs() const {
  std::vector<TensorInfo> out;
  for (const auto& each : program_.stage->outputs) out.push_back(tensor_info(each, false));
  return out;
}

std::vector<TensorInfo> BmNetwork::tensors() const {
  std::vector<TensorInfo> out = inputs();
  for (auto& each : outputs())
    if (std::ranges::find(out, each.name, &TensorInfo::name) == out.end()) out.push_back(std::move(each));
  return out;
}

const bmodel::Tensor* BmNetwork::find(std::string_view name) const {
  for (const auto* list : {&program_.stage->inputs, &program_.stage->outputs})
    for (const auto& each : *list)
      if (each.name == name) return &each;
  return nullptr;
}

void BmNetwork::set_input(std::string_view name, std::span<const std::uint8_t> bytes) {
  for (const auto& each : program_.stage->inputs) {
    if (each.name != name) continue;
    const auto size = dense_bytes(each);
    if (bytes.size() != size) {
      throw Error(ErrorKind::usage, "input '" + each.name + "' takes " + std::to_string(size) + " bytes, not " +
                                        std::to_string(bytes.size()));
    }
    if (at_end()) restart();
    std::ranges::copy(bytes, memory_.range(each.device_addr, size).begin());
    return;
  }
  throw Error(ErrorKind::usage, "there is no input '" + std::string(name) + "'");
}

void BmNetwork::skip_empty_parts() {
  while (!at_end() && entry_ == parts_[part_].entries.size()) {
    ++part_;
    entry_ = 0;
  }
}

void BmNetwork::restart() {
  part_ = entry_ = 0;
  skip_empty_parts();
  // Every inference starts from the same state.
  std::ranges::fill(memory_.local(), local_fill_);
  std::ranges::fill(memory_.l2(), 0);
  memory_.lane_mask = {};
}

void BmNetwork::execute_current() {
  const StreamEntry& entry = parts_[part_].entries[entry_];
  try {
    std::visit([&](const auto& command) { execute(command, memory_, options_); }, entry.command);
  } catch (const Error& error) {
    throw with_context(
        error, std::string(name(entry.engine())) + " command " + std::to_string(entry.index) + " " + entry.mnemonic());
  }
  ++entry_;
  skip_empty_parts();
}

void BmNetwork::run() {
  if (at_end()) restart();
  while (!at_end()) execute_current();
}

std::optional<StepReport> BmNetwork::next() const {
  if (at_end()) return std::nullopt;
  const StreamEntry& entry = parts_[part_].entries[entry_];
  return StepReport{part_, entry_, entry.mnemonic(), std::nullopt};
}

std::optional<StepReport> BmNetwork::step() {
  auto report = next();
  if (report) execute_current();
  return report;
}

Tensor BmNetwork::get(std::string_view name) const {
  const auto* tensor = find(name);
  if (!tensor) throw Error(ErrorKind::usage, "there is no tensor '" + std::string(name) + "'");
  const auto bytes = memory_.range(tensor->device_addr, dense_bytes(*tensor));
  return {tensor->dtype, tensor->shape(), Bytes(bytes.begin(), bytes.end())};
}

Bytes BmNetwork::read_local(std::uint64_t address, std::uint64_t size) const {
  const auto bytes = memory_.local_range(address, size);
  return Bytes(bytes.begin(), bytes.end());
}

std::span<const std::uint8_t> BmNetwork::view(MemoryKind kind, std::uint64_t address, std::uint64_t size) const {
  if (kind == MemoryKind::global) {
    if (size == whole_memory) size = memory_.ddr().size() - std::min(address - ddr_base, memory_.ddr().size());
    return memory_.range(address, size);
  }
  if (size == whole_memory) size = local_bytes - std::min(address, local_bytes);
  return memory_.local_range(address, size);
}

Tensor BmNetwork::get_local(std::uint64_t address, DType dtype, const Shape& shape) const {
  if (shape.size() != 4) throw Error(ErrorKind::unsupported, "a tensor in local memory has four dimensions");
  const auto n = static_cast<std::uint64_t>(shape[0]), c = static_cast<std::uint64_t>(shape[1]);
  const auto plane = static_cast<std::uint64_t>(shape[2]) * static_cast<std::uint64_t>(shape[3]) * size_of(dtype);
  const std::uint64_t lane = address / lane_bytes, offset = address % lane_bytes;
  const std::uint64_t c_stride = (plane + eu_bytes - 1) / eu_bytes * eu_bytes;
  const std::uint64_t n_stride = (lane + c + lane_count - 1) / lane_count * c_stride;
  Tensor out{dtype, shape, {}};
  for (std::uint64_t in = 0; in < n; ++in) {
    for (std::uint64_t ic = 0; ic < c; ++ic) {
      const auto at = offset + in * n_stride + (lane + ic) / lane_count * c_stride;
      const auto bytes = memory_.lane_range(static_cast<std::uint32_t>((lane + ic) % lane_count), at, plane);
      out.bytes.insert(out.bytes.end(), bytes.begin(), bytes.end());
    }
  }
  return out;
}

}  // namespace vnpu::bm1684x
