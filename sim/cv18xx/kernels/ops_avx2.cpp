// The loops for AVX2 and FMA.
#include "sim/core/vec_avx2.h"
#include "sim/cv18xx/kernels/ops.h"

// The generic source, over Vec.
#include "sim/cv18xx/kernels/conv.inl"
#include "sim/cv18xx/kernels/depthwise.inl"
#include "sim/cv18xx/kernels/elementwise.inl"

namespace vnpu::cv18xx::kernels {
namespace {

void look_up_halves(std::uint16_t* values, std::size_t count, const void* table) {
  const auto* entries = static_cast<const std::uint8_t*>(table);
  for (std::size_t i = 0; i < count; ++i) std::memcpy(values + i, entries + 2 * (values[i] & 0xFF), 2);
}

void conv_words(const ConvJob& job) { conv<DotWords>(job); }
void conv_fma(const ConvJob& job) { conv<DotFma>(job); }
void conv_float(const ConvJob& job) { conv<DotFloat>(job); }

constexpr Ops table = {
    .pack_bytes = nullptr,
    .pack_words = pack_words,
    .widen_bytes = widen_bytes,
    .widen_bf16 = widen_bf16,
    .sum_bytes = nullptr,
    .conv_bytes = nullptr,
    .conv_words = conv_words,
    .conv_fma = conv_fma,
    .conv_float = conv_float,
    .depthwise_int = depthwise_int,
    .depthwise_float = depthwise_float,
    .extreme_bytes = extreme_bytes,
    .extreme_float = extreme_float,
    .finish_floats = finish_floats,
    .look_up_bytes = look_up_bytes,
    .look_up_halves = look_up_halves,
    .int_op = int_op,
    .float_op = float_op,
};

}  // namespace

const Ops& ops_avx2() { return table; }

}  // namespace vnpu::cv18xx::kernels
