// Conversion at the boundary between the caller's fp32 and the chip's int8 and bf16.
#include <algorithm>
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
  // Half away from zero; what does not fit an int (NaN too) becomes the smallest one before the clamp.
  return static_cast<std::int8_t>(std::clamp(to_int(std::round(value)), -128, 127));
}

// To the nearest, ties to even; NaN stays NaN.
std::uint16_t rounded(float value) {
  if (std::isnan(value)) return 0x7FFF;
  const std::uint32_t bits = std::bit_cast<std::uint32_t>(value);
  return static_cast<std::uint16_t>((bits + 0x7FFF + ((bits >> 16) & 1)) >> 16);
}

}  // namespace

// `to` NONE asks for fp32 from what `from` names; any other `to` converts from fp32, whatever `from` says.
void quant(HostCall& call) {
  const HostTensor& in = input(call, 0);
  HostTensor& out = output(call, 0);
  const std::string from = text(call, "from"), to = text(call, "to");
  const std::string& narrow = to == "NONE" ? from : to;
  if (narrow != "INT8" && narrow != "BF16") {
    fail(call, ErrorKind::fault, "the vendor's runtime asserts: no conversion from '" + from + "' to '" + to + "'");
  }
  const bool int8 = narrow == "INT8";
  expect(call, to == "NONE" ? in : out, int8 ? DType::i8 : DType::bf16);
  expect(call, to == "NONE" ? out : in, DType::f32);
  expect_count(call, out, count(in));
  const auto convert = [&](const auto& values, auto one) {
    std::vector<decltype(one(values[0]))> converted;
    converted.reserve(values.size());
    for (const auto value : values) converted.push_back(one(value));
    store(call, out, converted);
  };
  const float scale = int8 ? scale_of(call, to != "NONE") : 0.0f;
  if (to == "NONE" && int8) {
    convert(elements<std::int8_t>(in), [&](std::int8_t q) { return static_cast<float>(q) * scale; });
  } else if (to == "NONE") {
    convert(elements<std::uint16_t>(in), [](std::uint16_t bits) { return bf16_to_float(bits); });
  } else if (int8) {
    convert(elements<float>(in), [&](float x) { return to_int8(x * scale); });
  } else {
    const bool gain = call.quirks.quant_bf16_gain;
    convert(elements<float>(in),
            [gain](float x) { return gain ? float_to_bf16_truncated(x * 1.001957f) : rounded(x); });
  }
}

}  // namespace vnpu::cv18xx::host
