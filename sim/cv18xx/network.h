// One program of a .cvimodel on a simulated CV180x/CV181x: memory, routines, the walk through the commands.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <variant>
#include <vector>

#include "isa/cv18xx/command_stream.h"
#include "models/cvimodel/model.h"
#include "sim/core/network.h"
#include "sim/cv18xx/execute.h"
#include "sim/cv18xx/host_functions/host_functions.h"
#include "sim/cv18xx/placement.h"

namespace vnpu::cv18xx {

class CvNetwork final : public Network {
 public:
  // Throws Error(unsupported) with all refusals of the model, Error(damaged) for a broken command buffer and
  // Error(usage) for a program that does not exist or an unknown engine or quirk.
  CvNetwork(std::shared_ptr<const cvimodel::Model> model, const NetworkOptions& options);

  std::vector<TensorInfo> inputs() const override;
  std::vector<TensorInfo> outputs() const override;
  std::vector<TensorInfo> tensors() const override;
  void set_input(std::string_view name, std::span<const std::uint8_t> bytes) override;
  void run() override;
  std::optional<StepReport> next() const override;
  std::optional<StepReport> step() override;
  Tensor get(std::string_view name) const override;
  Bytes read_local(std::uint64_t address, std::uint64_t size) const override;
  unsigned lanes() const override { return chip_.lanes; }
  Tensor get_local(std::uint64_t address, DType dtype, const Shape& shape) const override;  // stride code 0

 private:
  struct Stage {                                 // one routine, ready to run
    std::vector<StreamEntry> entries;            // TPU: commands in an order that respects the sync ids
    const cvimodel::CpuRoutine* host = nullptr;  // or a host function
    const cvimodel::Routine* routine = nullptr;
    std::string name;
  };

  const cvimodel::Tensor& tensor(std::string_view name) const;
  HostTensor host_tensor(const std::string& name, bool output);
  std::span<std::uint8_t> bytes_of(const cvimodel::Tensor& tensor) const;
  void execute_current();
  bool at_end() const { return stage_ == stages_.size(); }
  void advance();
  void skip_empty_stages();
  void restart();

  std::shared_ptr<const cvimodel::Model> model_;
  const cvimodel::Program& program_;
  const Chip& chip_;
  ExecuteOptions options_;
  Placement placement_;
  mutable Memory memory_;
  mutable std::map<std::string, Bytes, std::less<>> host_memory_;  // tensors without a place on the device
  std::vector<Stage> stages_;
  std::size_t stage_ = 0, entry_ = 0;
};

}  // namespace vnpu::cv18xx
