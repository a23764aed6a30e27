#include <cmath>
#include <functional>

#include "base/error.h"
#include "sim/k210/float_windows.h"
#include "sim/k210/v5/operations.h"

namespace vnpu::k210::v5 {
namespace {

[[noreturn]] void refuse(const TensorJob& job, const std::string& text) {
  throw Error(ErrorKind::unsupported, job.place.offset, job.place.what, text);
}

float binary_float(const TensorJob& job, std::int64_t op, float a, float b) {
  switch (op) {
    case 0: return a + b;
    case 1: return a - b;
    case 2: return a * b;
    case 3: return a / b;
    case 4: return b < a ? b : a;
    case 5: return a < b ? b : a;
    case 6: return std::pow(a, b);
    default: refuse(job, "operation " + std::to_string(op) + " is not supported");
  }
}

// Wraps at 64 bits; the caller cuts to the element's width.
std::int64_t binary_integer(const TensorJob& job, std::int64_t op, std::int64_t a, std::int64_t b) {
  const auto ua = static_cast<std::uint64_t>(a), ub = static_cast<std::uint64_t>(b);
  switch (op) {
    case 0: return static_cast<std::int64_t>(ua + ub);
    case 1: return static_cast<std::int64_t>(ua - ub);
    case 2: return static_cast<std::int64_t>(ua * ub);
    case 3:
      if (b == 0) fault(job.place, "an integer is divided by zero");
      return b == -1 ? static_cast<std::int64_t>(0 - ua) : a / b;
    case 4: return b < a ? b : a;
    case 5: return a < b ? b : a;
    default: refuse(job, "operation " + std::to_string(op) + " is not supported for integers");
  }
}

using Function = float (*)(float);

Function unary_function(const TensorJob& job, std::int64_t op) {
  switch (op) {
    case 0: return [](float v) { return std::fabs(v); };
    case 3: return [](float v) { return std::ceil(v); };
    case 4: return [](float v) { return std::cos(v); };
    case 5: return [](float v) { return std::exp(v); };
    case 6: return [](float v) { return std::floor(v); };
    case 7: return [](float v) { return std::log(v); };
    case 8: return [](float v) { return -v; };
    case 9: return [](float v) { return std::nearbyint(v); };
    case 10: return [](float v) { return 1.0f / std::sqrt(v); };
    case 11: return [](float v) { return v > 0 ? 1.0f : v < 0 ? -1.0f : v; };
    case 12: return [](float v) { return std::sin(v); };
    case 13: return [](float v) { return std::sqrt(v); };
    case 14: return [](float v) { return v * v; };
    case 15: return [](float v) { return std::tanh(v); };
    case 18: return [](float v) { return std::erf(v); };
    default: refuse(job, "operation " + std::to_string(op) + " is not supported");
  }
}

void require_float(const TensorJob& job, std::size_t dtype) {
  if (job.dtype(dtype) != DType::f32) {
    refuse(job, "elements of type " + std::string(name(job.dtype(dtype))) + " are not supported here");
  }
}

}  // namespace

std::int64_t to_integer(double value) {
  if (!(value > -2147483649.0 && value < 2147483648.0)) return -2147483648LL;
  return static_cast<std::int64_t>(value);
}

void binary(TensorJob& job) {
  const auto out_at = job.stack.address(job.place), b_at = job.stack.address(job.place),
             a_at = job.stack.address(job.place);
  const auto type = job.dtype(0);
  const auto& to_shape = job.shape(5);
  const auto a = broadcast(job.place, job.read(a_at, type, job.shape(1), 2), to_shape);
  const auto b = broadcast(job.place, job.read(b_at, type, job.shape(3), 4), to_shape);
  const auto out = job.write(out_at, type, to_shape, 6);
  const auto op = job.operand(7);
  const kmodel::v4::Range act{job.instruction.f32(8), job.instruction.f32(9)};
  if (type == DType::f32) {
    auto left = gather<float>(a);
    const auto right = gather<float>(b);
    for (std::size_t i = 0; i < left.size(); ++i) left[i] = clamp(binary_float(job, op, left[i], right[i]), act);
    return scatter<float>(out, left);
  }
  auto left = gather_integers(job.place, a);
  const auto right = gather_integers(job.place, b);
  for (std::size_t i = 0; i < left.size(); ++i) {
    left[i] = to_integer(clamp(static_cast<float>(binary_integer(job, op, left[i], right[i])), act));
  }
  scatter_integers(job.place, out, left);
}

void unary(TensorJob& job) {
  const auto out_at = job.stack.address(job.place), in_at = job.stack.address(job.place);
  require_float(job, 0);
  const auto function = unary_function(job, job.operand(4));
  auto values = gather<float>(job.read_float(in_at, 1, 2));
  for (auto& value : values) value = function(value);
  scatter<float>(job.write(out_at, DType::f32, job.shape(1), 3), values);
}

void sigmoid(TensorJob& job) {
  const auto out_at = job.stack.address(job.place), in_at = job.stack.address(job.place);
  require_float(job, 0);
  auto values = gather<float>(job.read_float(in_at, 1, 2));
  for (auto& value : values) value = 1.0f / (1.0f + std::exp(-value));
  scatter<float>(job.write(out_at, DType::f32, job.shape(1), 3), values);
}

void quantize(TensorJob& job) {
  const float bias = job.stack.number(job.place), scale = job.stack.number(job.place);
  const auto out_at = job.stack.address(job.place), in_at = job.stack.address(job.place);
  require_float(job, 0);
  const auto type = job.dtype(1);
  const auto limits = integer_range(job.place, type);
  const auto values = gather<float>(job.read(in_at, DType::f32, job.shape(2), 3));
  std::vector<std::int64_t> out;
  out.reserve(values.size());
  for (const auto value : values) {
    const float scaled = value * scale;
    out.push_back(std::clamp(to_integer(std::nearbyint(scaled + bias)), limits.min, limits.max));
  }
  scatter_integers(job.place, job.write(out_at, type, job.shape(2), 4), out);
}

void dequantize(TensorJob& job) {
  const float bias = job.stack.number(job.place), scale = job.stack.number(job.place);
  const auto out_at = job.stack.address(job.place), in_at = job.stack.address(job.place);
  require_float(job, 1);
  const auto values = gather_integers(job.place, job.read(in_at, job.dtype(0), job.shape(2), 3));
  std::vector<float> out;
  out.reserve(values.size());
  for (const auto value : values) {
    const float scaled = static_cast<float>(value) * scale;
    out.push_back(scaled + bias);
  }
  scatter<float>(job.write(out_at, DType::f32, job.shape(2), 4), out);
}

void convert(TensorJob& job) {
  const auto out_at = job.stack.address(job.place), in_at = job.stack.address(job.place);
  const auto from = job.dtype(0), to = job.dtype(1);
  const auto in = job.read(in_at, from, job.shape(2), 3);
  const auto out = job.write(out_at, to, job.shape(2), 4);
  if (from == to) return scatter_bytes(out, gather_bytes(in));
  if (from == DType::f32) {
    std::vector<std::int64_t> integers;
    for (const auto value : gather<float>(in)) integers.push_back(to_integer(value));
    return scatter_integers(job.place, out, integers);
  }
  const auto integers = gather_integers(job.place, in);
  if (to != DType::f32) return scatter_integers(job.place, out, integers);
  std::vector<float> floats(integers.begin(), integers.end());
  scatter<float>(out, floats);
}

void lut1d(TensorJob& job) {
  job.stack.pop(job.place);  // the range the table was made for
  job.stack.pop(job.place);
  const auto out_at = job.stack.address(job.place), table_at = job.stack.address(job.place),
             in_at = job.stack.address(job.place);
  if (job.dtype(0) != DType::u8 || job.operand(4) != 256) refuse(job, "only tables of 256 bytes are supported");
  const auto table = gather<std::uint8_t>(make_view(job.place, table_at, DType::u8, {256}, {1}, false));
  auto values = gather<std::uint8_t>(job.read(in_at, DType::u8, job.shape(1), 2));
  for (auto& value : values) value = table[value];
  scatter<std::uint8_t>(job.write(out_at, DType::u8, job.shape(1), 3), values);
}

}  // namespace vnpu::k210::v5
