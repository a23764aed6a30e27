#include "sim/k210/v5/machine.h"

#include <algorithm>

#include "base/error.h"

namespace vnpu::k210::v5 {
namespace {

using kmodel::v5::Location;
using kmodel::v5::ModuleType;

constexpr std::size_t deepest_stack = 4096, deepest_call = 16;
constexpr std::size_t most_dimensions = 8;

Place place_of(const VmInstruction& instruction) {
  return {instruction.offset, (instruction.is_tensor() ? "tensor." : "stackvm ") + std::string(instruction.name)};
}

}  // namespace

// ---- the operand stack

void OperandStack::push(const Place& place, Value value) {
  if (values_.size() == deepest_stack) fault(place, "the stack is deeper than " + std::to_string(deepest_stack));
  values_.push_back(std::move(value));
}

Value OperandStack::pop(const Place& place) {
  if (values_.empty()) fault(place, "the stack is empty");
  auto value = std::move(values_.back());
  values_.pop_back();
  return value;
}

const Value& OperandStack::top(const Place& place) const {
  if (values_.empty()) fault(place, "the stack is empty");
  return values_.back();
}

Address OperandStack::address(const Place& place) {
  const auto value = pop(place);
  if (const auto* address = std::get_if<Address>(&value)) return *address;
  fault(place, "an operand is no address");
}

std::int64_t OperandStack::integer(const Place& place) {
  const auto value = pop(place);
  if (const auto* integer = std::get_if<std::int64_t>(&value)) return *integer;
  fault(place, "an operand is no integer");
}

float OperandStack::number(const Place& place) {
  const auto value = pop(place);
  if (const auto* number = std::get_if<float>(&value)) return *number;
  if (const auto* integer = std::get_if<std::int64_t>(&value)) return static_cast<float>(*integer);
  fault(place, "an operand is no number");
}

// ---- the machine

Machine::Machine(std::shared_ptr<const kmodel::Model> model, const MachineOptions& options)
    : model_(std::move(model)), body_(*model_->as_v5()), options_(options), budget_(options.operations) {
  check_memory();
  modules_.resize(body_.modules.size());
  for (std::size_t m = 0; m < modules_.size(); ++m) {
    auto& module = modules_[m];
    module.source = &body_.modules[m];
    if (!module.source->shared_pools.empty() || module.source->pool_size(Location::shared_data) != 0) {
      throw Error(ErrorKind::unsupported, module.source->offset, "module.shared_mempools",
                  "memory shared between modules is not supported");
    }
    if (const auto* rdata = module.source->find(".rdata")) {
      const auto bytes = model_->bytes(rdata->bytes.offset, rdata->bytes.count, ".rdata");
      module.rdata.assign(bytes.data(), bytes.data() + bytes.size());
    }
    module.data.resize(module.source->pool_size(Location::data));
    if (module.source->type == ModuleType::k210) {
      module.ram = std::make_unique<AiRam>();
    } else {
      module.registers = std::make_unique<Registers>();
    }
    module.functions.resize(module.source->functions.size());
    for (std::size_t f = 0; f < module.functions.size(); ++f) {
      module.functions[f].source = &module.source->functions[f];
      prepare_function(module, module.functions[f]);
    }
  }
  for (const auto& parameter : entry().inputs) inputs_.emplace_back(parameter.range.size);
  for (const auto& parameter : entry().outputs) outputs_.emplace_back(parameter.range.size);
  restart();
}

Machine::~Machine() = default;

// There is one KPU, and main memory is one for all modules.
void Machine::check_memory() const {
  std::uint64_t data = 0;
  std::size_t kpus = 0;
  for (const auto& module : body_.modules) {
    data += module.pool_size(Location::data);
    if (data > kmodel::main_memory_limit) {
      throw Error(ErrorKind::unsupported, module.offset, "module.mempools",
                  "the modules need more than " + std::to_string(kmodel::main_memory_limit) + " bytes of main memory");
    }
    if (module.type == ModuleType::k210 && ++kpus > 1) {
      throw Error(ErrorKind::unsupported, module.offset, "module.type", "a second k210 module is not supported");
    }
  }
}

void Machine::prepare_function(Module& module, Function& function) {
  if (module.source->type == ModuleType::stackvm) {
    function.code = decode_function(model_->bytes(function.source->text.offset, function.source->text.count, ".text"));
    return;
  }
  for (auto& source : read_records(*model_, *function.source)) {
    Record record{source, std::nullopt};
    if (const auto* conv = std::get_if<kmodel::v5::Conv2d>(&source.body)) {
      const auto rdata = [&](const kmodel::v5::MemoryRange& range, const char* what) {
        if (range.location != Location::rdata || range.start > module.rdata.size()) {
          throw Error(ErrorKind::unsupported, source.offset, what, "lies outside of .rdata");
        }
        return std::span<const std::uint8_t>(module.rdata).subspan(range.start);
      };
      const KpuParameters parameters{rdata(conv->weights, "conv2d.weights"), false, rdata(conv->bn, "conv2d.bn"),
                                     rdata(conv->activation, "conv2d.activation")};
      try {
        record.layer.emplace(decode_layer(conv->descriptor), parameters, conv->batches, Arithmetic::v4, options_.level);
      } catch (const Error& error) {
        throw with_context(error, "conv2d at byte " + std::to_string(source.offset));
      }
    }
    function.records.push_back(std::move(record));
  }
}

const AiRam* Machine::ai_ram() const {
  const auto at = std::ranges::find_if(modules_, [](const Module& module) { return module.ram != nullptr; });
  return at == modules_.end() ? nullptr : at->ram.get();
}

void Machine::restart() {
  frames_.clear();
  budget_ = Budget(options_.operations);
  last_result_.reset();
  enter(body_.entry_module, body_.entry_function);
  settle();
}

void Machine::enter(std::size_t module, std::size_t function) {
  frames_.emplace_back();
  frames_.back().module = module;
  frames_.back().function = function;
}

// Leaves the machine at something that next() can show, or at the end.
void Machine::settle() {
  while (!frames_.empty()) {
    auto& frame = frames_.back();
    const auto& function = modules_[frame.module].functions[frame.function];
    if (frame.at < function.records.size()) return;
    const auto& code = function.code;
    bool shown = false;
    while (frame.at < code.size() && !shown) {
      shown = code[frame.at].is_tensor();
      if (shown) break;
      const auto& instruction = code[frame.at];
      if (instruction.op == VmOp::ret) {
        frame.at = code.size();
      } else {
        ++frame.at;
        plain(frame, instruction);
      }
    }
    if (shown) return;
    leave();
  }
}

void Machine::leave() {
  auto frame = std::move(frames_.back());
  frames_.pop_back();
  for (std::size_t i = 0; i < frame.results.size(); ++i) {
    const auto& view = frame.results[i];
    if (view.count * view.item() > frame.outputs[i].size()) {
      throw Error(ErrorKind::fault, "an output of a called function is smaller than the caller wants");
    }
    scatter_bytes(view, frame.outputs[i]);
  }
}

std::optional<Machine::Position> Machine::next() const {
  if (frames_.empty()) return std::nullopt;
  const auto& frame = frames_.back();
  const auto& function = modules_[frame.module].functions[frame.function];
  Position position{frame.module, frame.function, frame.at, ""};
  if (frame.at < function.records.size()) {
    constexpr const char* names[] = {"upload", "download", "conv2d", "copy"};
    position.text = std::string("k210 ") + names[static_cast<std::size_t>(function.records[frame.at].source.type)];
  } else {
    position.text = "tensor." + std::string(function.code[frame.at].name);
  }
  return position;
}

void Machine::step() {
  last_result_.reset();
  auto& frame = frames_.back();
  const auto& function = modules_[frame.module].functions[frame.function];
  if (frame.at < function.records.size()) {
    record(frame, function.records[frame.at++]);
  } else {
    const auto& instruction = function.code[frame.at++];
    const auto place = place_of(instruction);
    if (instruction.function == TensorFunction::call) {
      call(frame, instruction, place);
    } else {
      TensorJob job{instruction, place, frame.stack, *modules_[frame.module].registers, budget_};
      execute_tensor(job);
    }
  }
  settle();
}

void Machine::plain(Frame& frame, const VmInstruction& instruction) {
  const auto place = place_of(instruction);
  budget_.charge(place, 1);
  auto& stack = frame.stack;
  auto& registers = *modules_[frame.module].registers;
  const auto& value = instruction.values;
  switch (instruction.op) {
    case VmOp::nop: break;
    case VmOp::ldnull: stack.push(place, std::monostate()); break;
    case VmOp::ldc_i4: stack.push(place, value[0]); break;
    case VmOp::ldc_i4_0: stack.push(place, std::int64_t{0}); break;
    case VmOp::ldc_i4_1: stack.push(place, std::int64_t{1}); break;
    case VmOp::ldc_r4: stack.push(place, instruction.f32(0)); break;
    case VmOp::lea_buffer:
      stack.push(place,
                 locate(frame, static_cast<std::uint8_t>(value[0]), static_cast<std::uint64_t>(value[2]), place));
      break;
    case VmOp::dup: stack.push(place, Value(stack.top(place))); break;
    case VmOp::pop: stack.pop(place); break;
    case VmOp::stshape: {
      if (static_cast<std::size_t>(value[1]) > most_dimensions) fault(place, "a shape of too many dimensions");
      Extents extents(static_cast<std::size_t>(value[1]));
      for (auto i = extents.size(); i-- > 0;) extents[i] = stack.integer(place);
      registers.shapes[static_cast<std::size_t>(value[0])] = std::move(extents);
      break;
    }
    case VmOp::stpaddings: {
      if (static_cast<std::size_t>(value[1]) > most_dimensions) fault(place, "paddings of too many dimensions");
      std::vector<AxisPadding> paddings(static_cast<std::size_t>(value[1]));
      for (auto i = paddings.size(); i-- > 0;) {
        paddings[i].interior = stack.integer(place);
        paddings[i].after = stack.integer(place);
        paddings[i].before = stack.integer(place);
      }
      registers.paddings[static_cast<std::size_t>(value[0])] = std::move(paddings);
      break;
    }
    default: fault(place, "is not executed");
  }
}

Address Machine::locate(Frame& frame, std::uint8_t location, std::uint64_t offset, const Place& place) {
  auto& module = modules_[frame.module];
  const auto& source = *module.functions[frame.function].source;
  switch (static_cast<Location>(location)) {
    case Location::input:
    case Location::output: {
      const bool is_input = static_cast<Location>(location) == Location::input;
      const auto& parameters = is_input ? source.inputs : source.outputs;
      auto& buffers = is_input ? inputs_of(frame) : outputs_of(frame);
      std::optional<std::size_t> best;
      for (std::size_t i = 0; i < parameters.size(); ++i) {
        const auto start = parameters[i].range.start;
        if (start <= offset && (!best || start >= parameters[*best].range.start)) best = i;
      }
      if (!best) fault(place, "no input or output of the function lies at " + std::to_string(offset));
      return {buffers[*best], offset - parameters[*best].range.start, !is_input};
    }
    case Location::rdata: return {module.rdata, offset, false};
    case Location::data: return {module.data, offset, true};
    case Location::kpu_ram:
      if (module.ram) return {module.ram->bytes(), offset, true};
      [[fallthrough]];
    default: fault(place, "location " + std::to_string(location) + " does not exist in this module");
  }
}

void Machine::call(Frame& frame, const VmInstruction& instruction, const Place& place) {
  const auto function_index = static_cast<std::size_t>(instruction.values[0]);
  const auto module_index = static_cast<std::size_t>(instruction.values[1]);
  const auto sources = static_cast<std::size_t>(instruction.values[2]);
  const auto destinations = static_cast<std::size_t>(instruction.values[3]);
  if (module_index >= modules_.size() || function_index >= modules_[module_index].functions.size()) {
    fault(place, "calls function " + std::to_string(function_index) + " of module " + std::to_string(module_index) +
                     ", which does not exist");
  }
  const auto& function = *modules_[module_index].functions[function_index].source;
  if (sources != function.inputs.size() || destinations != function.outputs.size()) {
    fault(place, "calls with " + std::to_string(sources) + " inputs and " + std::to_string(destinations) +
                     " outputs, the function has " + std::to_string(function.inputs.size()) + " and " +
                     std::to_string(function.outputs.size()));
  }
  if (frames_.size() == deepest_call) fault(place, "calls are nested deeper than " + std::to_string(deepest_call));
  const auto& registers = *modules_[frame.module].registers;
  Frame callee;
  callee.module = module_index;
  callee.function = function_index;
  callee.inputs.resize(sources);
  callee.results.resize(destinations);
  for (const auto& output : function.outputs) {
    budget_.charge(place, output.range.size);
    callee.outputs.emplace_back(output.range.size);
  }
  for (std::size_t i = sources + destinations; i-- > 0;) {  // the last is on top
    const auto strides = static_cast<std::size_t>(frame.stack.integer(place));
    const auto shape = static_cast<std::size_t>(frame.stack.integer(place));
    const auto type = frame.stack.integer(place);
    const auto address = frame.stack.address(place);
    DType dtype{};
    if (strides > 255 || shape > 255 || type < 0 || type > 255 ||
        !kmodel::v5::data_type(static_cast<std::uint8_t>(type), dtype)) {
      fault(place, "an argument names a register or a type that does not exist");
    }
    const auto view =
        make_view(place, address, dtype, registers.shapes[shape], registers.shapes[strides], i >= sources);
    budget_.charge(place, view.count);
    if (i >= sources) {
      callee.results[i - sources] = view;
    } else {
      callee.inputs[i] = gather_bytes(view);
    }
  }
  frames_.push_back(std::move(callee));
}

}  // namespace vnpu::k210::v5
