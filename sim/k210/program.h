// A kmodel of any version, made ready to run: what differs between the versions behind the network.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "models/kmodel/model.h"
#include "sim/core/network.h"
#include "sim/core/simd.h"
#include "sim/k210/ai_ram.h"
#include "sim/k210/quirks.h"

namespace vnpu::k210 {

struct ProgramOptions {
  SimdLevel level = SimdLevel::scalar;
  Quirks quirks;
};

class Program {
 public:
  virtual ~Program() = default;

  // In file order; names "input0", "output0" and so on.
  virtual std::vector<TensorInfo> inputs() const = 0;
  virtual std::vector<TensorInfo> outputs() const = 0;
  // `bytes` has the input's byte_size.
  virtual void set_input(std::size_t index, std::span<const std::uint8_t> bytes) = 0;
  virtual Tensor output(std::size_t index) const = 0;

  // Layers, nodes or operations in the order of execution.
  virtual bool at_end() const = 0;
  virtual StepReport next() const = 0;  // not at the end
  virtual void step() = 0;              // likewise; after an error the program is at its start again
  virtual void restart() = 0;
  // What the last step computed, packed: maps without the padding of rows, tensors as they lie in memory. Uploads:
  // what was uploaded. Nothing where a step has no result.
  virtual std::optional<Bytes> last_result() const = 0;
  // Element type and shape of last_result(); bytes in a row where the version does not tell.
  struct ResultType {
    DType dtype = DType::u8;
    Shape shape;
  };
  virtual ResultType last_result_type() const {
    return {DType::u8, {static_cast<std::int64_t>(last_result()->size())}};
  }
  virtual const AiRam* ai_ram() const { return nullptr; }  // null when the model uses none
};

// `model` must be of the version; all throw Error(unsupported), Error(fault) or Error(damaged) as KpuLayer does.
std::unique_ptr<Program> make_v3_program(std::shared_ptr<const kmodel::Model> model, const ProgramOptions& options);
std::unique_ptr<Program> make_v4_program(std::shared_ptr<const kmodel::Model> model, const ProgramOptions& options);
std::unique_ptr<Program> make_v5_program(std::shared_ptr<const kmodel::Model> model, const ProgramOptions& options);

}  // namespace vnpu::k210
