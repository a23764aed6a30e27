#include "sim/cv18xx/requantise.h"

namespace vnpu::cv18xx {
namespace {

// The registers of operand 2 must describe one value a channel: the vendor's simulator sizes its buffers by them.
// One record of `step` bytes a channel, side by side within a lane.
TensorView per_channel(const TiuJob& job, std::uint64_t step) {
  TensorView view = job.opd2();
  job.require(view.n == 1 && view.c == job.command.res0_c && view.h == 1 && view.w == 1,
              "opd2 must be (1, res0_c, 1, 1)");
  view.c_stride = step;
  // Quirk: the distance of the bias planes follows from the channels alone.
  if (job.quirks.bias_plane_computed || job.command.short_opd2_str != stride_registers) {
    view.plane_stride = ceil_div(view.c, job.lanes) * view.element;
  }
  return view;
}

// The index of the channel of each element in the order n, c, h, w.
std::size_t channel_of(const TensorView& view, std::size_t element) {
  return element / (std::size_t{view.h} * view.w) % view.c;
}

// Not inlined: called within a RoundTowardZero scope.
[[gnu::noinline]] void add_biases(const TensorView& result, std::span<const float> biases, std::span<float> acc) {
  for (std::size_t i = 0; i < acc.size(); ++i) acc[i] = fp32_add(acc[i], biases[channel_of(result, i)]);
}

}  // namespace

std::vector<ChannelParams> load_channel_params(const TiuJob& job) {
  const TiuCommand& c = job.command;
  const bool with_bias = c.tsk_opd_num == 3;
  std::vector<ChannelParams> params(c.res0_c);
  if (c.opt_chl_quan) {
    const std::uint32_t step = with_bias ? 9 : 5;
    TensorView view = per_channel(job, step);
    view.element = step;
    require_inside(view, 1, job.operation);
    const auto u32 = [&](std::uint64_t at) {
      return job.local[at] | job.local[at + 1] << 8 | job.local[at + 2] << 16 | std::uint32_t{job.local[at + 3]} << 24;
    };
    for (std::uint32_t o = 0; o < c.res0_c; ++o) {
      std::uint64_t at = view.channel(o);
      if (with_bias) {
        params[o].bias = static_cast<std::int32_t>(u32(at));
        at += 4;
      }
      params[o].multiplier = u32(at);
      params[o].shift = job.local[at + 4];
    }
  } else if (with_bias) {
    const std::vector<std::int32_t> biases = job.load_int(per_channel(job, 1), 2, c.opt_opd2_sign);
    for (std::uint32_t o = 0; o < c.res0_c; ++o) params[o].bias = biases[o];
  }
  return params;
}

std::vector<float> load_channel_biases(const TiuJob& job) {
  std::vector<float> biases;
  if (job.command.tsk_opd_num != 3) return biases;
  for (const std::uint32_t bits : job.load_words(per_channel(job, 2))) biases.push_back(load_fp32(bits));
  return biases;
}

std::int64_t shifted(const TiuCommand& command, std::int32_t acc) {
  // A logic shift sees the accumulator as unsigned; without a shift it stays signed.
  const bool logic = command.opt_shift_typ == 0 && command.opt_res_shift > 0;
  const std::int64_t v = rshift(logic ? std::int64_t{static_cast<std::uint32_t>(acc)} : acc, command.opt_res_shift,
                                command.opt_rshift_typ);
  return command.opt_relu_typ == 1 && v < 0 ? 0 : v;
}

std::int32_t requantise(const TiuCommand& command, std::int32_t acc) {
  return sat8(shifted(command, acc), command.opt_res0_sign);
}

std::int32_t requantise(const TiuCommand& command, std::int32_t acc, std::uint32_t multiplier, std::uint32_t shift,
                        const Quirks& quirks) {
  const std::int32_t v = qdm(acc, multiplier, shift, quirks);
  return sat8(command.opt_relu_typ == 1 && v < 0 ? 0 : v, command.opt_res0_sign);
}

void finish_channels(const TiuJob& job, const TensorView& result, std::span<std::int32_t> acc) {
  const TiuCommand& c = job.command;
  const std::vector<ChannelParams> params = load_channel_params(job);
  for (std::size_t i = 0; i < acc.size(); ++i) {
    const ChannelParams& p = params[channel_of(result, i)];
    const std::int32_t sum = wrap_add(acc[i], p.bias);
    acc[i] = c.opt_chl_quan ? requantise(c, sum, p.multiplier, p.shift, job.quirks) : requantise(c, sum);
  }
  job.store_int(result, 1, acc);
}

void finish_channels(const TiuJob& job, const TensorView& result, std::span<float> acc) {
  const std::vector<float> biases = load_channel_biases(job);
  if (!biases.empty()) {
    const RoundTowardZero scope;
    add_biases(result, biases, acc);
  }
  job.store_bf16s(result, acc, job.command.opt_relu_typ == 1);
}

}  // namespace vnpu::cv18xx
