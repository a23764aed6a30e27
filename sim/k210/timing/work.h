// What the CPU's steps have to do, counted from their sizes.
#pragma once

#include <cstdint>
#include <vector>

#include "isa/k210/stackvm.h"
#include "models/kmodel/model.h"
#include "sim/k210/timing/parameters.h"

namespace vnpu::k210 {

struct CpuWork {
  std::uint64_t elements = 0;   // of a simple layer or node
  std::uint64_t walked = 0;     // of a node that goes by indices
  std::uint64_t functions = 0;  // exp and its like
  std::uint64_t products = 0;
  std::uint64_t moved = 0;     // bytes
  std::uint64_t uploaded = 0;  // bytes into AI RAM, by the CPU
  bool version3 = false;

  double cycles(const TimingValues& values) const;  // of the CPU
};

// Of layers and nodes that are not the KPU's.
CpuWork work_of(const kmodel::v3::Layer& layer);
CpuWork work_of(const kmodel::v4::Node& node);

// Of the tensor instructions of a stackvm function: sizes are followed through the code, which writes them as
// constants.
class VmSizes {
 public:
  // Takes one instruction; the work of a tensor function, nothing for the others.
  CpuWork take(const VmInstruction& instruction);

 private:
  using Extents = std::vector<std::int64_t>;
  const Extents& shape(const VmInstruction& instruction, std::string_view field) const;
  static std::int64_t operand(const VmInstruction& instruction, std::string_view field, std::int64_t otherwise);

  std::vector<std::int64_t> stack_;
  std::vector<Extents> shapes_ = std::vector<Extents>(256);
};

}  // namespace vnpu::k210
