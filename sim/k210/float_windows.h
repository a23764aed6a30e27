// Float windows over NCHW tensors, as the CPU parts of the nncase runtimes compute them (docs/arithmetic_k210.md,
// docs/stackvm_k210.md): single precision, one rounding an operation, taps in memory order, taps outside of the image
// left out.
#pragma once

#include <cstdint>
#include <span>

#include "models/kmodel/v4.h"

namespace vnpu::k210 {

// v below min gives min, v above max gives max, NaN stays.
inline float clamp(float value, kmodel::v4::Range act) {
  return value < act.min ? act.min : act.max < value ? act.max : value;
}

// Positions of a window along one dimension; 0 or less when it fits nowhere.
std::int64_t window_positions(std::int64_t size, std::int64_t filter, std::int64_t stride, std::int64_t dilation,
                              kmodel::v4::Padding padding);

struct ImageShape {  // NCHW
  std::int64_t batches = 1, channels = 1, height = 1, width = 1;

  std::int64_t count() const { return batches * channels * height * width; }
};
// What a window makes of an image of that shape, with `channels` channels.
ImageShape window_output(const ImageShape& in, const kmodel::v4::Window& window, std::int64_t channels);

// out = clamp(bias + sum of x * w over input channel, row, column). `weights`: [oc][ic / groups][h][w]. Paddings are
// not negative; sizes of all spans must fit the shapes, which are the caller's to check.
void conv2d(std::span<const float> in, const ImageShape& shape, std::span<const float> weights,
            std::span<const float> bias, std::int64_t groups, std::int64_t out_channels,
            const kmodel::v4::Window& window, kmodel::v4::Range act, std::span<float> out);

enum class ReduceOp : std::uint8_t { mean = 0, min = 1, max = 2, sum = 3 };
// One more value into min, max or sum (mean sums, too).
inline float accumulate(ReduceOp op, float sum, float value) {
  if (op == ReduceOp::min) return value < sum ? value : sum;
  if (op == ReduceOp::max) return sum < value ? value : sum;
  return sum + value;
}

// Starts from `init`; mean divides by the number of taps inside.
void reduce_window2d(std::span<const float> in, const ImageShape& shape, ReduceOp op, float init,
                     const kmodel::v4::Window& window, kmodel::v4::Range act, std::span<float> out);

}  // namespace vnpu::k210
