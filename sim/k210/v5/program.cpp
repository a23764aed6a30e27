#include "sim/k210/program.h"

#include "base/error.h"
#include "sim/k210/v5/machine.h"

namespace vnpu::k210 {
namespace {

using v5::Machine;

Shape shape_of(const kmodel::v5::Parameter& parameter) { return Shape(parameter.shape.begin(), parameter.shape.end()); }

std::vector<TensorInfo> infos(const std::vector<kmodel::v5::Parameter>& parameters, bool is_input) {
  std::vector<TensorInfo> out;
  for (const auto& parameter : parameters) {
    TensorInfo info;
    info.name = (is_input ? "input" : "output") + std::to_string(out.size());
    info.dtype = parameter.dtype;
    info.shape = shape_of(parameter);
    info.byte_size = parameter.range.size;
    info.memory = is_input ? "input" : "output";
    info.address = parameter.range.start;
    info.is_input = is_input;
    out.push_back(std::move(info));
  }
  return out;
}

class V5Program final : public Program {
 public:
  V5Program(std::shared_ptr<const kmodel::Model> model, const ProgramOptions& options)
      : machine_(std::move(model), {options.level}) {}

  std::vector<TensorInfo> inputs() const override { return infos(machine_.entry().inputs, true); }
  std::vector<TensorInfo> outputs() const override { return infos(machine_.entry().outputs, false); }

  void set_input(std::size_t index, std::span<const std::uint8_t> bytes) override {
    machine_.input(index).assign(bytes.begin(), bytes.end());
  }
  Tensor output(std::size_t index) const override {
    const auto& parameter = machine_.entry().outputs.at(index);
    return {parameter.dtype, shape_of(parameter), machine_.output(index)};
  }

  bool at_end() const override { return machine_.at_end(); }
  StepReport next() const override {
    const auto position = machine_.next();
    if (!position) throw Error(ErrorKind::internal, "the program is at its end");
    StepReport report;
    report.routine = position->module << 16 | position->function;
    report.command = position->index;
    report.text = position->text;
    return report;
  }
  void step() override {
    try {
      machine_.step();
    } catch (...) {
      machine_.restart();
      throw;
    }
  }
  const AiRam* ai_ram() const override { return machine_.ai_ram(); }
  void restart() override { machine_.restart(); }
  std::optional<Bytes> last_result() const override { return machine_.last_result(); }

 private:
  Machine machine_;
};

}  // namespace

std::unique_ptr<Program> make_v5_program(std::shared_ptr<const kmodel::Model> model, const ProgramOptions& options) {
  return std::make_unique<V5Program>(std::move(model), options);
}

}  // namespace vnpu::k210
