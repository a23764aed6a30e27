// Depthwise convolution and pools: one channel at a time under the window.
#include <algorithm>
#include <cstring>
#include <vector>

#include "sim/cv18xx/kernels/job.h"
#include "sim/cv18xx/kernels/planes.h"

namespace vnpu::cv18xx::kernels {
namespace {

struct Layout {
  Planes planes;
  std::ptrdiff_t pixels, row;

  explicit Layout(const WindowOperands& o)
      : planes(o.window, o.in),
        pixels((std::ptrdiff_t{o.out.h} - 1) * planes.width() + o.out.w),
        row(round_up(pixels, row_unit)) {}

  bool fits(const TensorView& out) const {
    const std::uint64_t channels = std::uint64_t{out.c} * out.n;
    return planes.fits() && row * channels * 2 < buffer_limit && planes.size() * channels < buffer_limit &&
           worthwhile(pixels, std::uint64_t{out.h} * out.w, row * channels * planes.taps().size());
  }
  // Vectors of the last results reach beyond the planes.
  std::size_t count() const { return planes.size() + planes.width() + row_unit; }

  DepthwiseJob job() const {
    DepthwiseJob job;
    job.tap = planes.taps().data();
    job.taps = static_cast<std::ptrdiff_t>(planes.taps().size());
    job.pixels = pixels;
    return job;
  }
};

// work(channel, plane, result) for each (n, c): `plane` holds the gathered elements of T, `result` has room for a row.
template <class T, class Work>
bool for_each_channel(const KernelJob& k, const WindowOperands& operands, const Layout& layout, T fill, Work&& work) {
  const TensorView &in = operands.in, &out = operands.out;
  auto* plane = k.workspace.take<T>(layout.count());
  auto* results = k.workspace.take<T>(std::size_t{out.n} * out.c * layout.row);
  T* result = results;
  for (std::uint32_t n = 0; n < out.n; ++n) {
    for (std::uint32_t channel = 0; channel < out.c; ++channel, result += layout.row) {
      layout.planes.gather(plane, k.at(in.at(n, channel, 0, 0)), fill);
      if (!work(channel, plane, result)) return false;
    }
  }
  scatter_rows(k, out, results, layout.planes.width(), layout.row);
  return true;
}

// Sums of int8: `weights(channel)` gives the kernel as bytes, of the given sign.
template <class Weights>
bool sum_int(const KernelJob& k, const WindowOperands& operands, const Layout& layout, const IntFinish& finish,
             const std::vector<ChannelFinish>& channels, bool weights_signed, Weights&& weights) {
  auto* wide = k.workspace.take<std::int16_t>(layout.count());
  auto* kernel = k.workspace.take<std::int16_t>(layout.planes.taps().size() + 1);
  DepthwiseJob job = layout.job();
  job.plane = wide;
  job.weights = kernel;
  job.integer = finish;
  kernel[job.taps] = 0;
  return for_each_channel<std::uint8_t>(k, operands, layout, static_cast<std::uint8_t>(k.command().opd0_ins_val),
                                        [&](std::uint32_t channel, const std::uint8_t* plane, std::uint8_t* result) {
                                          k.ops.widen_bytes(wide, plane, layout.planes.size(),
                                                            k.command().opt_opd0_sign);
                                          k.ops.widen_bytes(kernel, weights(channel), job.taps, weights_signed);
                                          job.finish = channels[channel];
                                          job.result = result;
                                          k.ops.depthwise_int(job);
                                          return true;
                                        });
}

// Sums of bf16: `weights(channel)` gives the kernel.
template <class Weights>
bool sum_float(const KernelJob& k, const WindowOperands& operands, const Layout& layout, std::uint16_t fill,
               const std::vector<float>& biases, bool relu, Weights&& weights) {
  auto* wide = k.workspace.take<float>(layout.count());
  auto* kernel = k.workspace.take<float>(layout.planes.taps().size());
  DepthwiseJob job = layout.job();
  job.plane = wide;
  job.weights = kernel;
  job.relu = relu;
  return for_each_channel<std::uint16_t>(k, operands, layout, fill,
                                         [&](std::uint32_t channel, const std::uint16_t* plane, std::uint16_t* result) {
                                           ExponentRange cell_range, weight_range;
                                           const std::uint16_t* halves = weights(channel);
                                           k.ops.widen_bf16(wide, plane, layout.planes.size(), cell_range);
                                           k.ops.widen_bf16(kernel, halves, job.taps, weight_range);
                                           if (!sums_stay_finite(cell_range, weight_range, job.taps, 0)) return false;
                                           job.bias = biases.empty() ? nullptr : &biases[channel];
                                           job.result = result;
                                           const FloatScope scope;
                                           k.ops.depthwise_float(job);
                                           return true;
                                         });
}

bool average(const KernelJob& k, const WindowOperands& operands, const Layout& layout) {
  const TiuCommand& c = k.command();
  const std::size_t taps = layout.planes.taps().size();
  if (c.opd_typ != 0) {
    std::uint16_t fill = 0;
    if (!k.job.quirks.bf16_overflow_positive) return false;
    if (!insert_pattern(k.job, fill) && layout.planes.filled()) return false;
    const std::vector<std::uint16_t> factors(taps, static_cast<std::uint16_t>(c.opd1_addr));
    return sum_float(k, operands, layout, fill, {}, false, [&](std::uint32_t) { return factors.data(); });
  }
  if (c.opt_res_shift >= 32) return false;
  IntFinish finish;
  finish.kind = Finish::shift;
  finish.low = c.opt_opd0_sign ? -128 : 0;
  finish.high = c.opt_opd0_sign ? 127 : 255;
  ChannelFinish channel;
  channel.right = static_cast<std::int32_t>(c.opt_res_shift);
  const std::vector<std::uint8_t> factors(taps, static_cast<std::uint8_t>(c.opd1_addr));
  return sum_int(k, operands, layout, finish, std::vector<ChannelFinish>(operands.out.c, channel), false,
                 [&](std::uint32_t) { return factors.data(); });
}

bool extreme(const KernelJob& k, const WindowOperands& operands, const Layout& layout) {
  const TiuCommand& c = k.command();
  const bool want_max = c.tsk_eu_typ == pool_max;
  DepthwiseJob job = layout.job();
  if (c.opd_typ == 0) {
    const std::uint8_t fill = static_cast<std::uint8_t>(c.opd0_ins_val);
    const std::uint8_t lowest = c.opt_opd0_sign ? 0x80 : 0;
    // Quirk: the insert value takes part in every window, padded or not.
    const std::uint8_t start = k.job.quirks.int8_pool_starts_at_insert ? fill
                               : want_max                              ? lowest
                                                                       : static_cast<std::uint8_t>(~lowest);
    return for_each_channel<std::uint8_t>(k, operands, layout, fill,
                                          [&](std::uint32_t, const std::uint8_t* plane, std::uint8_t* result) {
                                            job.plane = plane;
                                            job.result = result;
                                            k.ops.extreme_bytes(job, c.opt_opd0_sign, want_max, start);
                                            return true;
                                          });
  }
  auto* wide = k.workspace.take<float>(layout.count());
  job.plane = wide;
  return for_each_channel<std::uint16_t>(k, operands, layout, static_cast<std::uint16_t>(c.opd0_ins_val),
                                         [&](std::uint32_t, const std::uint16_t* plane, std::uint16_t* result) {
                                           ExponentRange range;
                                           k.ops.widen_bf16(wide, plane, layout.planes.size(), range);
                                           if (highest(range) == 255) return false;
                                           job.result = result;
                                           k.ops.extreme_float(job, want_max);
                                           return true;
                                         });
}

}  // namespace

bool depthwise(const KernelJob& k) {
  const TiuCommand& c = k.command();
  IntFinish finish;
  if (c.opd_typ == 0 && !int_finish(c, finish)) return false;
  const WindowOperands operands = checked_depthwise(k.job);
  const Layout layout(operands);
  if (!layout.fits(operands.out)) return false;
  const std::size_t taps = layout.planes.taps().size();
  if (c.opd_typ == 0) {
    const std::vector<ChannelParams> params = load_channel_params(k.job);
    std::vector<ChannelFinish> channels(params.size());
    for (std::size_t i = 0; i < params.size(); ++i) {
      if (!channel_finish(k, params[i], channels[i])) return false;
    }
    const std::vector<std::uint8_t> constant(c.opt_opd1_const ? taps : 0, static_cast<std::uint8_t>(c.opd1_addr));
    return sum_int(k, operands, layout, finish, channels, c.opt_opd1_sign, [&](std::uint32_t channel) {
      return c.opt_opd1_const ? constant.data() : k.at(operands.weights.channel(channel));
    });
  }
  std::uint16_t fill = 0;
  if (!k.job.quirks.bf16_overflow_positive) return false;
  if (!insert_pattern(k.job, fill) && layout.planes.filled()) return false;
  std::vector<std::uint16_t> kernel(taps, static_cast<std::uint16_t>(c.opd1_addr));
  return sum_float(k, operands, layout, fill, load_channel_biases(k.job), c.opt_relu_typ == 1,
                   [&](std::uint32_t channel) {
                     if (!c.opt_opd1_const)
                       std::memcpy(kernel.data(), k.at(operands.weights.channel(channel)), 2 * taps);
                     return kernel.data();
                   });
}

bool pool(const KernelJob& k) {
  const TiuCommand& c = k.command();
  if (c.opd_typ != 0 && !k.job.quirks.bf16_overflow_positive) return false;
  const WindowOperands operands = checked_pool(k.job);
  const Layout layout(operands);
  if (!layout.fits(operands.out)) return false;
  return c.tsk_eu_typ == pool_avg ? average(k, operands, layout) : extreme(k, operands, layout);
}

}  // namespace vnpu::cv18xx::kernels
