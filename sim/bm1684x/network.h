// One stage of one net of a .bmodel on a simulated BM1684X.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "isa/bm1684x/command_stream.h"
#include "models/bmodel/model.h"
#include "sim/bm1684x/execute.h"
#include "sim/core/network.h"

namespace vnpu::bm1684x {

// Programs of a model are its stages, net after net.
struct ProgramRef {
  const bmodel::Net* net = nullptr;
  const bmodel::Stage* stage = nullptr;
  std::size_t stage_index = 0;
};
std::vector<ProgramRef> programs(const bmodel::Model& model);
// Throws Error(usage) for a program that does not exist.
ProgramRef program(const bmodel::Model& model, unsigned index);

// Its sub-networks in the order in which they run. Throws Error(damaged) for ids that do not exist or come again.
std::vector<const bmodel::Subnet*> subnets_in_order(const bmodel::Stage& stage);

// The commands of a group in a legal order. Throws as parse_queue and in_order do.
std::vector<StreamEntry> read_commands(const bmodel::CommandGroup& group);

TensorInfo tensor_info(const bmodel::Tensor& tensor, bool input);

// Bytes of DDR that the stage needs from ddr_base. Throws Error(damaged) for places below it or tensors outside of the
// stage's areas, Error(unsupported) beyond the 16 GiB a board may have.
std::uint64_t ddr_bytes(const bmodel::Stage& stage);

class BmNetwork final : public Network {
 public:
  // Throws Error(unsupported) with all refusals of the stage, Error(damaged) for broken command queues, Error(usage)
  // for an unknown program or engine.
  BmNetwork(std::shared_ptr<const bmodel::Model> model, const NetworkOptions& options);

  std::vector<TensorInfo> inputs() const override;
  std::vector<TensorInfo> outputs() const override;
  std::vector<TensorInfo> tensors() const override;
  void set_input(std::string_view name, std::span<const std::uint8_t> bytes) override;
  void run() override;
  std::optional<StepReport> next() const override;
  std::optional<StepReport> step() override;
  Tensor get(std::string_view name) const override;
  Bytes read_local(std::uint64_t address, std::uint64_t size) const override;
  unsigned lanes() const override { return lane_count; }
  Tensor get_local(std::uint64_t address, DType dtype, const Shape& shape) const override;  // aligned layout
  std::span<const std::uint8_t> view(MemoryKind kind, std::uint64_t address, std::uint64_t size) const override;

 private:
  struct Part {  // one command group, ready to run
    std::vector<StreamEntry> entries;
  };

  const bmodel::Tensor* find(std::string_view name) const;
  bool at_end() const { return part_ == parts_.size(); }
  void execute_current();
  void skip_empty_parts();
  void restart();

  std::shared_ptr<const bmodel::Model> model_;
  ProgramRef program_;
  ExecuteOptions options_;
  std::uint8_t local_fill_;
  mutable Memory memory_;
  std::vector<Part> parts_;
  std::size_t part_ = 0, entry_ = 0;
};

}  // namespace vnpu::bm1684x
