// The virtual machine of a version 5 model: stackvm functions that call k210 functions. Runs one tensor instruction or
// one k210 record at a time.
#pragma once

#include <array>
#include <memory>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "isa/k210/stackvm.h"
#include "models/kmodel/model.h"
#include "sim/k210/ai_ram.h"
#include "sim/k210/kpu.h"
#include "sim/k210/v5/views.h"

namespace vnpu::k210::v5 {

struct AxisPadding {
  std::int64_t before = 0, after = 0, interior = 0;
};

struct Registers {
  std::array<Extents, 256> shapes;
  std::array<std::vector<AxisPadding>, 256> paddings;
};

using Value = std::variant<std::monostate, std::int64_t, float, Address>;

// Pops values of the kinds that an instruction wants; throws Error(fault) for what is not there or of another kind.
class OperandStack {
 public:
  void push(const Place& place, Value value);
  Value pop(const Place& place);
  Address address(const Place& place);
  std::int64_t integer(const Place& place);
  float number(const Place& place);  // integers are converted
  const Value& top(const Place& place) const;
  void clear() { values_.clear(); }

 private:
  std::vector<Value> values_;
};

// One tensor instruction but `call`.
struct TensorJob {
  const VmInstruction& instruction;
  Place place;
  OperandStack& stack;
  const Registers& registers;
  Budget& budget;

  std::int64_t operand(std::size_t i) const { return instruction.values[i]; }
  DType dtype(std::size_t i) const;  // operand i as an element type
  const Extents& shape(std::size_t i) const { return registers.shapes[static_cast<std::size_t>(operand(i))]; }
  // A view of `address` with the element type, shape and strides that the operands name; charges its elements.
  View read(const Address& address, DType type, const Extents& extents, std::size_t strides) const;
  View write(const Address& address, DType type, const Extents& extents, std::size_t strides) const;
  View read_float(const Address& address, std::size_t extents, std::size_t strides) const;
};
void execute_tensor(TensorJob& job);

// Nothing of a model that a machine would refuse at once is left when it is made.
struct MachineOptions {
  SimdLevel level = SimdLevel::scalar;
  std::uint64_t operations = std::uint64_t{1} << 36;  // of one inference
};

class Machine {
 public:
  // Throws Error(unsupported, damaged or fault) for code that is refused.
  Machine(std::shared_ptr<const kmodel::Model> model, const MachineOptions& options);
  ~Machine();

  const kmodel::v5::Function& entry() const { return body_.entry(); }
  Bytes& input(std::size_t i) { return inputs_[i]; }
  const Bytes& input(std::size_t i) const { return inputs_[i]; }
  const Bytes& output(std::size_t i) const { return outputs_[i]; }
  const AiRam* ai_ram() const;  // of the first k210 module; null when there is none

  void restart();
  bool at_end() const { return frames_.empty(); }
  struct Position {
    std::size_t module = 0, function = 0, index = 0;
    std::string text;
  };
  std::optional<Position> next() const;
  void step();  // not at the end
  const std::optional<Bytes>& last_result() const { return last_result_; }

  // What the functions are made of, in the order of the file; for listings.
  struct Record {
    kmodel::v5::Record source;
    std::optional<KpuLayer> layer;  // of conv2d
  };
  struct Function {
    const kmodel::v5::Function* source = nullptr;
    std::vector<VmInstruction> code;  // of a stackvm module
    std::vector<Record> records;      // of a k210 module
  };
  struct Module {
    const kmodel::v5::Module* source = nullptr;
    Bytes rdata, data;
    std::unique_ptr<AiRam> ram;
    std::unique_ptr<Registers> registers;
    std::vector<Function> functions;
  };
  const std::vector<Module>& modules() const { return modules_; }

 private:
  // One tensor argument of a call, and the copy that the callee sees.
  struct Binding {
    View view;
    std::size_t parameter = 0;
  };
  struct Frame {
    std::size_t module = 0, function = 0, at = 0;
    std::vector<Bytes> inputs, outputs;  // empty for the entry function, which uses the machine's
    std::vector<View> results;           // where the caller wants the outputs
    OperandStack stack;
  };

  void check_memory() const;
  void prepare_function(Module& module, Function& function);
  void enter(std::size_t module, std::size_t function);
  void settle();  // to the next tensor instruction or record; finishes functions that have none left
  void leave();
  void plain(Frame& frame, const VmInstruction& instruction);
  void call(Frame& frame, const VmInstruction& instruction, const Place& place);
  void record(Frame& frame, const Record& record);
  Address locate(Frame& frame, std::uint8_t location, std::uint64_t offset, const Place& place);
  Address exact(Frame& frame, const kmodel::v5::MemoryRange& range, const Place& place);
  std::vector<Bytes>& inputs_of(Frame& frame) { return frames_.size() == 1 ? inputs_ : frame.inputs; }
  std::vector<Bytes>& outputs_of(Frame& frame) { return frames_.size() == 1 ? outputs_ : frame.outputs; }

  std::shared_ptr<const kmodel::Model> model_;
  const kmodel::v5::Model& body_;
  MachineOptions options_;
  std::vector<Module> modules_;
  std::vector<Bytes> inputs_, outputs_;
  std::vector<Frame> frames_;
  Budget budget_;
  std::optional<Bytes> last_result_;
};

}  // namespace vnpu::k210::v5
