// What the vendor's runtime computes on the CPU: the functions that a CPU routine of a .cvimodel names.
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/dtype.h"
#include "models/cvimodel/model.h"
#include "sim/cv18xx/quirks.h"

namespace vnpu::cv18xx {

struct HostTensor {
  std::string name;
  DType dtype = DType::f32;
  std::array<std::int64_t, 4> shape{};  // n, c, h, w
  std::span<std::uint8_t> bytes;        // count * element size; C order
  // Bytes that follow the tensor in simulated memory (at least readable; empty when nothing is known to follow).
  // Only functions that are known to read behind their maps (yolo_detection) look at it.
  std::span<const std::uint8_t> behind;
};

struct HostCall {
  std::string function;
  std::vector<cvimodel::Attribute> attributes;
  std::vector<HostTensor> inputs;   // in routine order
  std::vector<HostTensor> outputs;  // written in full or as the vendor leaves them (documented per function)
  Quirks quirks;
};

using HostFunction = void (*)(HostCall& call);

// Null when the name is not known.
HostFunction find_host_function(std::string_view name);
std::vector<std::string_view> host_function_names();

// Runs it; throws Error(unsupported) naming an unknown function, Error(damaged) for missing attributes or shapes and
// dtypes that do not fit, Error(fault) where the vendor's runtime would have asserted.
void run_host_function(HostCall& call);

}  // namespace vnpu::cv18xx
