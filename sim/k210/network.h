// A kmodel behind the neutral face: inputs, steps, outputs by name.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "sim/core/network.h"
#include "sim/k210/program.h"

namespace vnpu::k210 {

class K210Network final : public Network {
 public:
  // Throws Error(usage) for a program other than 0, an unknown engine or quirk, and what the version's program throws.
  K210Network(std::shared_ptr<const kmodel::Model> model, const NetworkOptions& options);

  std::vector<TensorInfo> inputs() const override { return program_->inputs(); }
  std::vector<TensorInfo> outputs() const override { return program_->outputs(); }
  // Inputs, outputs, and the result of every step as "INDEX.OPERATION" ("3.kpu.conv"): computed anew from the inputs
  // when they are asked for, because steps overwrite each other's memory.
  std::vector<TensorInfo> tensors() const override;
  void set_input(std::string_view name, std::span<const std::uint8_t> bytes) override;
  void run() override;
  std::optional<StepReport> next() const override;
  std::optional<StepReport> step() override;
  std::optional<Bytes> last_result() const override { return program_->last_result(); }
  // Inputs: as they were set. Outputs: as they are in memory now.
  Tensor get(std::string_view name) const override;
  Bytes read_local(std::uint64_t address, std::uint64_t size) const override;  // AI RAM
  unsigned lanes() const override { return 1; }
  Tensor get_local(std::uint64_t address, DType dtype, const Shape& shape) const override;

 private:
  void execute_next();
  void restart();
  const NamedTensors& step_results() const;

  std::shared_ptr<const kmodel::Model> model_;
  NetworkOptions options_;
  std::unique_ptr<Program> program_;
  std::vector<Tensor> inputs_;                        // what was set
  mutable std::optional<NamedTensors> step_results_;  // of these inputs
  bool at_start_ = true;
};

}  // namespace vnpu::k210
