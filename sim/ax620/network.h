// One .joint part on a simulated AX620A: its memories, and the walk through its jobs.
#pragma once

#include <memory>
#include <optional>

#include "isa/ax620/command_list.h"
#include "models/joint/joint.h"
#include "sim/ax620/cpu_parts.h"
#include "sim/ax620/machine.h"
#include "sim/core/network.h"

namespace vnpu::ax620 {

// A model file with its command list decoded.
struct LoadedModel {
  joint::Joint file;
  const joint::Neu* neu = nullptr;  // the part that runs; null when only slim parts are there
  CommandList list;
  std::vector<std::vector<Job>> jobs;
  std::optional<CpuPlan> cpu;  // none: why_not says what is refused
  std::string why_not;
};

class AxNetwork final : public Network {
 public:
  // Throws Error(unsupported) for a model with CPU parts that are not known or without parameters, Error(damaged) when
  // memory map and file disagree, Error(fault) when the jobs wait for each other, Error(usage) for an unknown engine or
  // quirk.
  AxNetwork(std::shared_ptr<const LoadedModel> model, const NetworkOptions& options);

  std::vector<TensorInfo> inputs() const override;
  std::vector<TensorInfo> outputs() const override;
  std::vector<TensorInfo> tensors() const override;
  void set_input(std::string_view name, std::span<const std::uint8_t> bytes) override;
  void run() override;
  std::optional<StepReport> next() const override;
  std::optional<StepReport> step() override;
  std::optional<Bytes> last_result() const override;
  Tensor get(std::string_view name) const override;
  Bytes read_local(std::uint64_t address, std::uint64_t size) const override;
  unsigned lanes() const override { return 1; }
  Tensor get_local(std::uint64_t address, DType dtype, const Shape& shape) const override;

 private:
  TensorInfo info(const Region& region, bool is_input) const;
  const Region& region(std::string_view name) const;
  const ModelOutput* output(std::string_view name) const;
  std::span<const std::uint8_t> bytes_of(const CpuSource& source) const;
  void execute_current();
  bool on_cpu() const { return job_ == order_.size(); }
  bool at_end() const { return on_cpu() && results_.size() == model_->cpu->steps.size(); }
  void restart();

  std::shared_ptr<const LoadedModel> model_;
  Machine machine_;
  std::vector<const Job*> order_;
  std::size_t job_ = 0, command_ = 0;
  std::vector<Bytes> results_;  // of the CPU parts' steps that were made
};

}  // namespace vnpu::ax620
