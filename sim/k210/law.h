// The arithmetic of the KPU, literally (docs/arithmetic_k210.md).
#pragma once

#include <optional>

#include "sim/k210/kpu.h"

namespace vnpu::k210 {

// v / 2^shift, shift 0..63, with each law's rounding: halves go away from the floor in version 3, to even in 4 and 5;
// a negative value that is rounded up goes one below its floor in both.
std::int64_t rounded_shift(std::int64_t value, std::uint32_t shift, Arithmetic arithmetic);

// Products and sums wrap at 64 bits, as in the converters' simulators.
std::int64_t wrapping_mul(std::int64_t a, std::int64_t b);
std::int64_t wrapping_add(std::int64_t a, std::int64_t b);

// What the sums over one window become: A of the documentation. `channels`: input channels, 1 for depthwise.
std::int64_t zero_point_terms(const Layer& layer, std::int64_t sum_xw, std::int64_t sum_x, std::int64_t sum_w);
// B.
std::int64_t batch_norm(const BnEntry& entry, std::int64_t value);
// The segment that a value falls in, and its result; nothing when it is below all of them.
std::optional<std::uint8_t> activate(const Activation& table, Arithmetic arithmetic, std::int64_t value);

// One map: `in` packed CHW, `out` packed CHW of output_shape(). Throws Error(fault) as KpuLayer::run.
void kpu_law(const Layer& layer, const KpuParameters& parameters, Arithmetic arithmetic,
             std::span<const std::uint8_t> in, std::span<std::uint8_t> out);

// Pooling of one channel's plane; `out` has `to`.height x `to`.width.
void pool_plane(std::int64_t pool_type, Arithmetic arithmetic, const std::uint8_t* in, std::uint32_t height,
                std::uint32_t width, std::uint8_t* out, std::uint32_t out_height, std::uint32_t out_width);

}  // namespace vnpu::k210
