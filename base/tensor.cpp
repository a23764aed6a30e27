#include "base/tensor.h"

#include <cmath>

#include "base/error.h"

namespace vnpu {

std::uint64_t element_count(const Shape& shape) {
  constexpr std::uint64_t limit = std::uint64_t{1} << 40;
  std::uint64_t count = 1;
  for (const auto dim : shape) {
    if (dim < 0) throw Error(ErrorKind::damaged, "shape " + to_string(shape) + ": negative dimension");
    if (dim != 0 && count > limit / static_cast<std::uint64_t>(dim)) {
      throw Error(ErrorKind::damaged, "shape " + to_string(shape) + ": more than 2^40 elements");
    }
    count *= static_cast<std::uint64_t>(dim);
  }
  return count;
}

std::string to_string(const Shape& shape) {
  if (shape.empty()) return "scalar";
  std::string text;
  for (const auto dim : shape) text += (text.empty() ? "" : "x") + std::to_string(dim);
  return text;
}

namespace {
template <class T>
T load(const Tensor& tensor, std::uint64_t i) {
  T value;
  std::memcpy(&value, tensor.bytes.data() + i * sizeof(T), sizeof(T));
  return value;
}

double half_to_double(std::uint16_t bits) {
  const int exponent = bits >> 10 & 31;
  const int mantissa = bits & 1023;
  const double sign = bits >> 15 ? -1.0 : 1.0;
  if (exponent == 31) return mantissa ? std::nan("") : sign * HUGE_VAL;
  return sign * (exponent ? std::ldexp(1024 + mantissa, exponent - 25) : std::ldexp(mantissa, -24));
}
}  // namespace

double element_as_double(const Tensor& tensor, std::uint64_t i) {
  if ((i + 1) * size_of(tensor.dtype) > tensor.bytes.size()) {
    throw Error(ErrorKind::internal, "tensor element " + std::to_string(i) + " lies behind its bytes");
  }
  switch (tensor.dtype) {
    case DType::f32: return load<float>(tensor, i);
    case DType::i32: return load<std::int32_t>(tensor, i);
    case DType::u32: return load<std::uint32_t>(tensor, i);
    case DType::bf16: return bf16_to_float(load<std::uint16_t>(tensor, i));
    case DType::i16: return load<std::int16_t>(tensor, i);
    case DType::u16: return load<std::uint16_t>(tensor, i);
    case DType::i8: return load<std::int8_t>(tensor, i);
    case DType::u8: return load<std::uint8_t>(tensor, i);
    case DType::f64: return load<double>(tensor, i);
    case DType::i64: return static_cast<double>(load<std::int64_t>(tensor, i));
    case DType::u64: return static_cast<double>(load<std::uint64_t>(tensor, i));
    case DType::f16: return half_to_double(load<std::uint16_t>(tensor, i));
    case DType::boolean: return load<std::uint8_t>(tensor, i) != 0;
  }
  throw Error(ErrorKind::internal, "unknown dtype");
}

const Tensor* find(const NamedTensors& tensors, std::string_view name) {
  for (const auto& [key, tensor] : tensors) {
    if (key == name) return &tensor;
  }
  return nullptr;
}

}  // namespace vnpu
