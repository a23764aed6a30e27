// The vendor's run time (libbmrt) as its programs use it: load a .bmodel, list nets and stages, run them on the board's
// TPU.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "devices/ion_heap.h"
#include "devices/process.h"
#include "sim/core/network.h"
#include "sim/core/profile.h"

namespace vnpu::sophon {

struct Border {  // an input or output of a stage, as the file tells it
  std::string name, dtype;
  Shape shape;
  float scale = 1;
  int zero_point = 0;
};

struct Stage {
  unsigned program = 0;  // of the neutral face
  std::size_t index = 0;
  std::vector<Border> inputs, outputs;
};

struct Net {
  std::string name;
  std::vector<Stage> stages;
};

// A loaded program: its tensors and how long a run takes.
class Loaded {
 public:
  Loaded(devices::Process& process, const ModelFile& file, unsigned program);

  const std::vector<TensorInfo>& inputs() const { return inputs_; }
  const std::vector<TensorInfo>& outputs() const { return outputs_; }
  void set_input(std::size_t i, std::span<const std::uint8_t> bytes) { network_->set_input(inputs_[i].name, bytes); }
  // One inference on the board's TPU. Every one starts from the same state, so an inference with unchanged inputs only
  // takes its time again.
  void run();
  Tensor output(std::size_t i) const { return network_->get(outputs_[i].name); }

  // Of one run, in microseconds; absent when there is no model of the time: then `no_time` says why.
  struct Time {
    std::uint64_t launch_us = 0, npu_us = 0, cpu_us = 0;
  };
  const std::optional<Time>& time() const { return time_; }
  const std::string& no_time() const { return no_time_; }
  // What the time comes from; absent like it.
  const std::optional<Profile>& profile() const { return profile_; }

 private:
  devices::Process& process_;
  std::unique_ptr<Network> network_;
  std::vector<TensorInfo> inputs_, outputs_;
  std::optional<Time> time_;
  std::optional<Profile> profile_;
  std::string no_time_;
  bool ran_ = false;
};

class BmRuntime {
 public:
  explicit BmRuntime(devices::Process& process) : process_(process) {}

  // Reads the file and takes its device memory. False: error() tells why.
  bool load(const std::string& path);
  const std::string& error() const { return error_; }
  // The chip the model is for when that is what is wrong with it.
  const std::string& other_chip() const { return other_chip_; }
  const std::vector<Net>& nets() const { return nets_; }
  // Throws Error(unsupported) for what has no commands to run (dynamic nets).
  std::unique_ptr<Loaded> open(const Stage& stage) { return std::make_unique<Loaded>(process_, *file_, stage.program); }

 private:
  devices::Process& process_;
  std::unique_ptr<ModelFile> file_;
  devices::IonBuffer memory_;
  std::vector<Net> nets_;
  std::string error_, other_chip_;
};

// A model or data file of the board, up to 4 GB; nothing when it cannot be read.
std::optional<std::string> read_whole(devices::Process& process, const std::string& path);
ByteView view_of(const std::string& bytes);

std::string shape_text(const Shape& shape, const char* between);  // "1 3 32 32"
const char* dtype_text(const std::string& dtype);                 // FLOAT32, INT8, ...

}  // namespace vnpu::sophon
