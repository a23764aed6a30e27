// Arrays at the boundary of a model, as the converter package's model_runner turns them (docs/board_bm1684x_soc.md).
#pragma once

#include "base/tensor.h"
#include "sim/core/network.h"

namespace vnpu::sophon {

// An array to the bytes of an input. Fewer elements than the input has are completed with zeros. Throws Error(usage)
// for more of them, and for a pair of types the vendor's tool does not turn into each other.
Bytes lowered(const Tensor& value, const TensorInfo& input);

// An output as the tool stores it: 8-bit integers with a scale as float32 (q - zero_point) * scale unless `fixed`;
// f16, bf16 and u16 as float32; others as they are.
Tensor raised(const Tensor& output, const TensorInfo& info, bool fixed);

}  // namespace vnpu::sophon
