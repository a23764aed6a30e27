// The nodes of version 4 that the CPU computes (docs/arithmetic_k210.md, "CPU nodes of version 4").
#pragma once

#include <optional>
#include <span>

#include "models/kmodel/model.h"
#include "sim/k210/quirks.h"
#include "sim/k210/v4_memory.h"

namespace vnpu::k210 {

// Executes a node and gives the bytes it computed (within `memory`). Nothing for the KPU's nodes. Throws Error(fault)
// for sizes that contradict each other, Error(unsupported) for nodes and operations that are not known.
std::optional<std::span<const std::uint8_t>> run_cpu_node(const kmodel::Model& model, const kmodel::v4::Node& node,
                                                          V4Memory& memory, const Quirks& quirks);

// v * mul / 2^shift, halves up, cut to 32 bits.
std::int32_t mul_and_shift(std::int64_t value, std::int32_t mul, std::int32_t shift);

// One float operation of nodes `unary` and nnil_unary_method (0 abs .. 9 square) and `binary` (0 add .. 5 max).
// Throws Error(unsupported) for another number.
void apply_unary(std::int32_t op, std::span<float> values);
void apply_binary(std::int32_t op, std::span<float> a, std::span<const float> b);

}  // namespace vnpu::k210
