// Conversion at the boundary between the caller's fp32 and the chip's int8 and bf16.
#include <bit>
#include <cmath>

#include "sim/cv18xx/host_functions/access.h"
#include "sim/cv18xx/host_functions/functions.h"

namespace vnpu::cv18xx::host {

namespace {

float scale_of(const HostCall& call, bool to_int8) {
  if (has(call, "scale")) return number(call, "scale");
  const float threshold = number(call, "threshold");
  return to_int8 ? 128.0f / threshold : threshold / 128.0f;
}

std::int8_t to_int8(float value) {
  const float rounded = std::round(value);  // half away from zero
  if (rounded >= 127.0f) return 127;
  if (rounded >= -128.0f) return static_cast<std::int8_t>(rounded);
  return -128;  // NaN as well
}

}  // namespace

void quant(HostCall& call) {
  const HostTensor& in = input(call, 0);
  HostTensor& out = output(call, 0);
  expect_count(call, out, count(in));
  if (in.dtype == DType::f32 && out.dtype == DType::i8) {
    const float scale = scale_of(call, true);
    std::vector<std::int8_t> values;
    for (const float x : elements<float>(in)) values.push_back(to_int8(x * scale));
    store(call, out, values);
  } else if (in.dtype == DType::f32 && out.dtype == DType::bf16) {
    std::vector<std::uint16_t> values;
    for (const float x : elements<float>(in)) values.push_back(float_to_bf16_truncated(x * 1.001957f));
    store(call, out, values);
  } else if (in.dtype == DType::i8 && out.dtype == DType::f32) {
    const float scale = scale_of(call, false);
    std::vector<float> values;
    for (const std::int8_t q : elements<std::int8_t>(in)) values.push_back(static_cast<float>(q) * scale);
    store(call, out, values);
  } else if (in.dtype == DType::bf16 && out.dtype == DType::f32) {
    std::vector<float> values;
    for (const std::uint16_t bits : elements<std::uint16_t>(in)) values.push_back(bf16_to_float(bits));
    store(call, out, values);
  } else {
    fail(call, ErrorKind::unsupported,
         "no conversion from " + std::string(name(in.dtype)) + " to " + std::string(name(out.dtype)));
  }
}

}  // namespace vnpu::cv18xx::host
