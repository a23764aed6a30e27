#include "sim/k210/network.h"

#include "base/error.h"
#include "sim/k210/ai_ram.h"

namespace vnpu::k210 {
namespace {

std::unique_ptr<Program> make_program(std::shared_ptr<const kmodel::Model> model, const NetworkOptions& options) {
  if (options.program != 0) {
    throw Error(ErrorKind::usage, "program " + std::to_string(options.program) + " does not exist: a kmodel has one");
  }
  const ProgramOptions all{parse_engine(options.engine), parse_quirks(options.quirks)};
  if (model->as_v3()) return make_v3_program(std::move(model), all);
  if (model->as_v4()) return make_v4_program(std::move(model), all);
  return make_v5_program(std::move(model), all);
}

}  // namespace

K210Network::K210Network(std::shared_ptr<const kmodel::Model> model, const NetworkOptions& options)
    : model_(std::move(model)), options_(options), program_(make_program(model_, options)) {
  for (const auto& info : program_->inputs()) inputs_.push_back({info.dtype, info.shape, Bytes(info.byte_size)});
}

std::vector<TensorInfo> K210Network::tensors() const {
  auto all = inputs();
  for (auto& output : outputs()) all.push_back(std::move(output));
  for (const auto& [name, tensor] : step_results()) {
    TensorInfo info;
    info.name = name;
    info.dtype = tensor.dtype;
    info.shape = tensor.shape;
    info.byte_size = tensor.bytes.size();
    info.memory = "step";
    all.push_back(std::move(info));
  }
  return all;
}

// A program of its own runs, so that this one stays where it is. Ends with the first step that fails.
const NamedTensors& K210Network::step_results() const {
  if (step_results_) return *step_results_;
  step_results_.emplace();
  const auto program = make_program(model_, options_);
  for (std::size_t i = 0; i < inputs_.size(); ++i) program->set_input(i, inputs_[i].bytes);
  try {
    for (std::size_t i = 0; !program->at_end(); ++i) {
      const std::string name = std::to_string(i) + "." + program->next().text;
      program->step();
      auto bytes = program->last_result();
      if (!bytes) continue;
      const auto type = program->last_result_type();
      step_results_->emplace_back(name, Tensor{type.dtype, type.shape, std::move(*bytes)});
    }
  } catch (const Error&) {
  }
  return *step_results_;
}

void K210Network::set_input(std::string_view name, std::span<const std::uint8_t> bytes) {
  const auto infos = inputs();
  std::string names;
  for (std::size_t i = 0; i < infos.size(); ++i) {
    names += " " + infos[i].name;
    if (infos[i].name != name) continue;
    if (bytes.size() != infos[i].byte_size) {
      throw Error(ErrorKind::usage, "input '" + std::string(name) + "' takes " + std::to_string(infos[i].byte_size) +
                                        " bytes, not " + std::to_string(bytes.size()));
    }
    if (program_->at_end()) restart();
    inputs_[i].bytes.assign(bytes.begin(), bytes.end());
    step_results_.reset();
    return;
  }
  throw Error(ErrorKind::usage, "the model has no input '" + std::string(name) + "'; its inputs are:" + names);
}

// Steps overwrite the memory that inputs lie in, so they are put there when an inference begins.
void K210Network::execute_next() {
  if (at_start_) {
    for (std::size_t i = 0; i < inputs_.size(); ++i) program_->set_input(i, inputs_[i].bytes);
  }
  at_start_ = true;  // where an error leaves the program
  program_->step();
  at_start_ = false;
}

void K210Network::restart() {
  program_->restart();
  at_start_ = true;
}

void K210Network::run() {
  while (!program_->at_end()) execute_next();
  restart();
}

std::optional<StepReport> K210Network::next() const {
  if (program_->at_end()) return std::nullopt;
  return program_->next();
}

std::optional<StepReport> K210Network::step() {
  auto report = next();
  if (report) {
    execute_next();
  } else {
    restart();
  }
  return report;
}

Tensor K210Network::get(std::string_view name) const {
  const auto ins = inputs();
  for (std::size_t i = 0; i < ins.size(); ++i) {
    if (ins[i].name == name) return inputs_[i];
  }
  const auto outs = outputs();
  for (std::size_t i = 0; i < outs.size(); ++i) {
    if (outs[i].name == name) return program_->output(i);
  }
  if (const Tensor* found = find(step_results(), name)) return *found;
  throw Error(ErrorKind::usage, "the model has no tensor '" + std::string(name) + "'");
}

Bytes K210Network::read_local(std::uint64_t address, std::uint64_t size) const {
  const AiRam* ram = program_->ai_ram();
  if (!ram) throw Error(ErrorKind::unsupported, "the model uses no AI RAM");
  if (address > ai_ram_bytes || size > ai_ram_bytes - address) {
    throw Error(ErrorKind::fault, "AI RAM has " + std::to_string(ai_ram_bytes) + " bytes");
  }
  const auto bytes = ram->bytes().subspan(address, size);
  return Bytes(bytes.begin(), bytes.end());
}

Tensor K210Network::get_local(std::uint64_t address, DType dtype, const Shape& shape) const {
  const AiRam* ram = program_->ai_ram();
  if (!ram || dtype != DType::u8 || shape.size() != 4 || shape[0] != 1) {
    throw Error(ErrorKind::unsupported, "AI RAM holds maps of u8 and shape 1xCxHxW, not " +
                                            std::string(vnpu::name(dtype)) + " " + to_string(shape));
  }
  const auto dim = [&](std::size_t i) {
    if (shape[i] < 1 || shape[i] > ai_ram_bytes) throw Error(ErrorKind::fault, "a map of shape " + to_string(shape));
    return static_cast<std::uint32_t>(shape[i]);
  };
  const MapShape map{dim(1), dim(2), dim(3)};
  if (address % line_bytes != 0) throw Error(ErrorKind::fault, "a map begins at a multiple of 64 bytes");
  AiRam::require(address / line_bytes, map, "the map");
  Tensor out{dtype, shape, Bytes(map.count())};
  ram->read(address / line_bytes, map, out.bytes);
  return out;
}

}  // namespace vnpu::k210
