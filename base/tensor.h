// A dense tensor in C order: shape, element type, bytes.
#pragma once

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "base/bytes.h"
#include "base/dtype.h"

namespace vnpu {

using Shape = std::vector<std::int64_t>;

// Product of the dimensions; throws Error(damaged) for a negative dimension or a product over 2^40.
std::uint64_t element_count(const Shape& shape);
std::string to_string(const Shape& shape);  // "1x3x32x32"; "scalar" for rank 0

struct Tensor {
  DType dtype = DType::f32;
  Shape shape;
  Bytes bytes;  // element_count(shape) * size_of(dtype), little endian

  std::uint64_t count() const { return element_count(shape); }
};

// Element i as a number (bf16 and f16 decoded, integers converted); i < count().
double element_as_double(const Tensor& tensor, std::uint64_t i);

// Named tensors in the order of the file or program they come from.
using NamedTensors = std::vector<std::pair<std::string, Tensor>>;
const Tensor* find(const NamedTensors& tensors, std::string_view name);  // null when absent

}  // namespace vnpu
