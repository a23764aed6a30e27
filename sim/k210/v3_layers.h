// The layers of version 3 that the CPU computes on main memory (docs/arithmetic_k210.md, "CPU layers of version 3").
#pragma once

#include <optional>
#include <span>

#include "models/kmodel/model.h"
#include "sim/k210/main_memory.h"
#include "sim/k210/quirks.h"

namespace vnpu::k210 {

// Executes a layer that touches main memory only and gives the bytes it computed (within `memory`). Nothing when the
// layer is not of that kind. Throws Error(fault) for addresses outside and sizes that contradict each other.
std::optional<std::span<const std::uint8_t>> run_cpu_layer(const kmodel::Model& model, const kmodel::v3::Layer& layer,
                                                           MainMemory& memory, const Quirks& quirks);

// Whether a layer's output is of floats (else bytes), and where it lies in main memory; nothing for layers whose output
// is in AI RAM only.
struct LayerOutput {
  bool is_float = false;
  std::uint64_t address = 0;
};
std::optional<LayerOutput> output_of(const kmodel::v3::Layer& layer);

}  // namespace vnpu::k210
