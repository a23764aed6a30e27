// The parts of a .joint that run on the CPU (docs/joint.md): concatenations and reshapes of what the NPU made.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "isa/ax620/command_list.h"
#include "models/joint/joint.h"

namespace vnpu::ax620 {

// What a step takes: an output of the NPU part, or the result of an earlier step.
struct CpuSource {
  bool is_region = false;
  std::size_t index = 0;  // into the list's outputs, or into CpuPlan::steps
};

// A concatenation, or (with one source) the same bytes with another shape.
struct CpuStep {
  std::string part, name, kind;
  std::vector<CpuSource> sources;
  std::uint64_t repeats = 1;  // how often the pieces of all sources come in turn: the sizes before the axis
  std::vector<std::uint64_t> piece_bytes;  // of each source at a time
  DType dtype = DType::f32;
  Shape shape;
  std::uint64_t bytes = 0;
};

struct ModelOutput {
  std::string name;    // as the user sees it
  std::string tensor;  // as the part that makes it calls it
  CpuSource source;
  DType dtype = DType::f32;
  Shape shape;  // of the part's tensor
  std::uint64_t bytes = 0;
};

struct CpuPlan {
  std::vector<CpuStep> steps;  // in an order in which they can run
  std::vector<ModelOutput> outputs;
};

// Without CPU parts the outputs alone. Throws Error(unsupported) with operator and part for what is not computed here
// and for parts before the NPU's, Error(damaged) when topology, graphs and memory map do not fit together.
CpuPlan plan_cpu_parts(const joint::Joint& file, const joint::Neu& neu, const CommandList& list);

// `pieces`: the bytes of its sources.
Bytes run_step(const CpuStep& step, const std::vector<std::span<const std::uint8_t>>& sources);

}  // namespace vnpu::ax620
