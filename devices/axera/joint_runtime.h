// The AX620A board's run time as its programs use it: load a .joint, create a handle, run it on the board's one NPU.
#pragma once

#include <memory>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "devices/axera/npu.h"
#include "devices/process.h"
#include "sim/core/network.h"

namespace vnpu::axera {

inline constexpr std::uint32_t malformed_topology = 0x80061084, invalid_param = 0x80061082,
                               create_context_failed = 0x80061085, run_failed = 0x80061086, no_memory = 0x80060018;

struct Border {  // of the model, as the tools print it
  std::string name, layout, dtype, colour;
  std::vector<std::int64_t> shape;
  std::uint64_t bytes = 0;
  bool on_cpu = false;  // made by a part on the CPU: ordinary memory
};

// What creating took, in milliseconds of the board.
struct CreateTime {
  double total = 0, neu = 0, onnx = 0, axe = 0, overhead = 0;
};

struct RunTime {
  std::uint64_t us = 0, neu_us = 0;  // of the task, of its NEU part
  std::uint64_t axe_us = 0;          // of the parts on the CPU; 0: none
  std::uint64_t cycles = 0;
  std::vector<std::uint64_t> unit_cycles;  // five
};

class JointRuntime {
 public:
  explicit JointRuntime(devices::Process& process) : process_(process) {}
  ~JointRuntime();

  // Each gives 0 or the vendor's error code; error() has what the kernel log says.
  std::uint32_t load(const Bytes& file);  // AX_JOINT_CreateHandle's first half: reads the model
  std::uint32_t open(HardMode mode);      // AX_NPU_SDK_EX_Init
  std::uint32_t create();                 // AX_JOINT_CreateHandle
  std::uint32_t run();                    // AX_JOINT_RunSync
  const std::string& error() const { return error_; }

  ModelMode mode() const { return mode_; }
  const std::string& tool_version() const { return tool_version_; }  // one or two lines
  const std::string& quantisation() const { return quantisation_; }
  const std::vector<Border>& inputs() const { return inputs_; }
  const std::vector<Border>& outputs() const { return outputs_; }
  std::uint64_t cmm_bytes() const { return cmm_; }
  const CreateTime& create_time() const { return create_time_; }
  const RunTime& run_time() const { return run_time_; }
  void set_input(std::size_t i, std::span<const std::uint8_t> bytes) { network_->set_input(inputs_[i].name, bytes); }
  Bytes output(std::size_t i) const { return network_->get(outputs_[i].name).bytes; }

 private:
  devices::Process& process_;
  std::unique_ptr<ModelFile> file_;
  std::unique_ptr<Network> network_;
  std::string error_, tool_version_, quantisation_;
  ModelMode mode_ = ModelMode::first;
  std::vector<Border> inputs_, outputs_;
  std::uint64_t cmm_ = 0;
  std::shared_ptr<void> memory_;
  CreateTime create_time_;
  RunTime run_time_;
  bool opened_ = false;
};

}  // namespace vnpu::axera
