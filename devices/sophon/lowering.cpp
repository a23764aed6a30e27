#include "devices/sophon/lowering.h"

#include <algorithm>
#include <cstring>

#include "base/error.h"
#include "sim/runtime/input.h"

namespace vnpu::sophon {
namespace {

template <class T>
void put(Bytes& bytes, std::uint64_t i, T value) {
  std::memcpy(bytes.data() + i * sizeof(T), &value, sizeof(T));
}

// NumPy's arithmetic: single precision of a float32 array, double of others.
double quantised(const Tensor& value, std::uint64_t i, const TensorInfo& input) {
  const double x = element_as_double(value, i);
  const double q = value.dtype == DType::f32 ? static_cast<double>(stored_number(static_cast<float>(x), input))
                                             : stored_number(x, input);
  const bool is_signed = input.dtype == DType::i8;
  return std::isnan(q) ? 0 : std::clamp<double>(q, is_signed ? -128 : 0, is_signed ? 127 : 255);
}

// Which types the vendor's tool accepts for an input.
bool convertible(DType from, DType to) {
  switch (to) {
    case DType::f32: return true;
    case DType::i8: return from == DType::f32 || from == DType::i32;
    case DType::u8: return from == DType::f32 || from == DType::i32 || from == DType::f64;
    case DType::i16:
    case DType::u16: return from == DType::f32 || from == DType::i32;
    case DType::f16: return from == DType::f32 || from == DType::i64;
    case DType::bf16: return from == DType::f32;
    case DType::i32:
    case DType::u32: return from == DType::f32 || from == DType::i64;
    default: return false;
  }
}

}  // namespace

Bytes lowered(const Tensor& value, const TensorInfo& input) {
  const std::uint64_t room = input.byte_size / size_of(input.dtype), count = value.count();
  if (count > room)
    throw Error(ErrorKind::usage, "input '" + input.name + "' takes " + to_string(input.shape) +
                                      "; the given array is " + to_string(value.shape));
  Bytes bytes(input.byte_size);
  if (value.dtype == input.dtype) {
    std::ranges::copy(value.bytes, bytes.begin());
    return bytes;
  }
  if (!convertible(value.dtype, input.dtype)) {
    throw Error(ErrorKind::usage, "input '" + input.name + "': no conversion of " + std::string(name(value.dtype)) +
                                      " to " + std::string(name(input.dtype)));
  }
  for (std::uint64_t i = 0; i < count; ++i) {
    const double x = element_as_double(value, i);
    switch (input.dtype) {
      case DType::f32: put(bytes, i, static_cast<float>(x)); break;
      case DType::i8: put(bytes, i, static_cast<std::int8_t>(quantised(value, i, input))); break;
      case DType::u8: put(bytes, i, static_cast<std::uint8_t>(quantised(value, i, input))); break;
      case DType::f16: put(bytes, i, float_to_f16(static_cast<float>(x))); break;
      case DType::bf16: put(bytes, i, float_to_bf16_truncated(static_cast<float>(x))); break;
      default: {  // truncation; what the type does not hold is its low bits
        const auto whole = std::abs(x) < 9e18 ? static_cast<std::int64_t>(x) : 0;
        if (size_of(input.dtype) == 2) {
          put(bytes, i, static_cast<std::uint16_t>(whole));
        } else {
          put(bytes, i, static_cast<std::uint32_t>(whole));
        }
      }
    }
  }
  return bytes;
}

Tensor raised(const Tensor& output, const TensorInfo& info, bool fixed) {
  const bool small = output.dtype == DType::i8 || output.dtype == DType::u8;
  const bool real = output.dtype == DType::f16 || output.dtype == DType::bf16 || output.dtype == DType::u16;
  if (!real && !(small && info.qscale != 0 && !fixed)) return output;
  Tensor out{DType::f32, output.shape, Bytes(output.count() * 4)};
  for (std::uint64_t i = 0; i < output.count(); ++i) {
    auto value = static_cast<float>(element_as_double(output, i));
    if (small) value = (value - static_cast<float>(info.zero_point)) * static_cast<float>(info.qscale);
    put(out.bytes, i, value);
  }
  return out;
}

}  // namespace vnpu::sophon
