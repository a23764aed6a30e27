// CONV: convolution of int8, f16, bf16 and f32.
#include <algorithm>
#include <string>

#include "base/error.h"
#include "sim/bm1684x/cast_law.h"
#include "sim/bm1684x/conv_form.h"
#include "sim/bm1684x/cube.h"

namespace vnpu::bm1684x {
namespace {

// Everything a convolution reads, as raw words.
struct Conv {
  Conv(const TiuJob& job, const ConvForm& the_form) : c(job.command), form(the_form) {}

  const TiuCommand& c;
  const ConvForm& form;
  const Window& window = form.window;
  const Shape& from = form.from;
  const Shape& to = form.to;
  std::vector<std::uint32_t> input;    // n, ic, y, x
  std::vector<std::uint32_t> weights;  // oc, ic, ky, kx (as the window reads them)
  std::vector<std::uint32_t> channel;  // operand 2, one an output channel
  std::vector<std::uint32_t> old;      // the old result with res_add, else empty
  WindowFill fill;

  const std::uint32_t* plane(std::uint32_t n, std::uint32_t ic) const {
    return input.data() + (std::size_t{n} * from.c + ic) * from.h * from.w;
  }
  const std::uint32_t* kernel(std::uint32_t oc, std::uint32_t ic) const {
    return weights.data() + (std::size_t{oc} * from.c + ic) * form.taps();
  }
  std::uint32_t element(std::uint32_t n, std::uint32_t ic, std::int32_t row, std::int32_t column) const {
    return window_element(plane(n, ic), row, column, from.w, fill, ic);
  }
};

std::vector<std::uint32_t> read_weights(const TiuJob& job, const ConvForm& form) {
  const TiuCommand& c = job.command;
  if (c.opd1_const) return std::vector<std::uint32_t>(form.taps() * c.opd0_c * c.res0_c, c.opd1_addr);
  const std::uint8_t* local = job.memory.local().data();
  std::vector<std::uint32_t> weights;
  weights.reserve(form.taps() * c.opd0_c * c.res0_c);
  for (std::uint32_t oc = 0; oc < c.res0_c; ++oc) {
    for (std::uint32_t ic = 0; ic < c.opd0_c; ++ic) {
      for (std::uint32_t y = 0; y < c.opd1_h; ++y) {
        for (std::uint32_t x = 0; x < c.opd1_w; ++x) {
          const auto place = static_cast<std::uint32_t>(form.weight_place(ic, y, x));
          weights.push_back(load_element(local + form.weights.at(0, oc, 0, place), form.weights.bytes));
        }
      }
    }
  }
  return weights;
}

// Calls sum(n, oc, row, column, index of the result) for every result.
template <class Sum>
std::vector<std::uint32_t> for_results(const Conv& conv, Sum&& sum) {
  std::vector<std::uint32_t> values;
  values.reserve(conv.to.count());
  for (std::uint32_t n = 0; n < conv.to.n; ++n) {
    for (std::uint32_t oc = 0; oc < conv.to.c; ++oc) {
      for (std::uint32_t oy = 0; oy < conv.to.h; ++oy) {
        for (std::uint32_t ox = 0; ox < conv.to.w; ++ox) values.push_back(sum(n, oc, oy, ox, values.size()));
      }
    }
  }
  return values;
}

// x * (w - zero point), exact; 32 bits wrap, 16 bits saturate. The requantising forms add a bias, shift and saturate.
std::vector<std::uint32_t> convolve_integer(const Conv& conv) {
  const TiuCommand& c = conv.c;
  const bool plain = c.tsk_eu_typ == 0;
  return for_results(conv, [&](auto n, auto oc, auto oy, auto ox, std::size_t index) {
    const std::int64_t zero = plain ? extend(conv.channel[oc], 8, c.opd2_sign) : 0;
    std::int64_t sum = conv.old.empty() ? 0 : static_cast<std::int32_t>(conv.old[index]);
    for (std::uint32_t ic = 0; ic < conv.from.c; ++ic) {
      const std::uint32_t* kernel = conv.kernel(oc, ic);
      for (std::uint32_t y = 0; y < c.opd1_h; ++y) {
        const std::int32_t row = conv.window.y.source(oy, y);
        for (std::uint32_t x = 0; x < c.opd1_w; ++x) {
          const std::int64_t value = extend(conv.element(n, ic, row, conv.window.x.source(ox, x)), 8, c.opd0_sign);
          sum += value * (extend(*kernel++, 8, c.opd1_sign) - zero);
        }
      }
    }
    if (plain) return static_cast<std::uint32_t>(c.res0_prec == i32 ? sum : saturate(sum, bits_of(c.res0_prec), true));
    sum += extend(conv.channel[oc], 16, c.opd2_sign);
    const bool relu = c.tsk_eu_typ == 2;
    if (relu && sum < 0) sum = 0;
    const unsigned by = c.opd3_addr & 31;
    const bool is_signed = !relu && (c.opd0_sign || c.opd1_sign || c.opd2_sign);
    return static_cast<std::uint32_t>(
        saturate(shift_right(sum, by, Rounding::half_up), bits_of(c.res0_prec), is_signed));
  });
}

// Blocks of 32 input channels, in each all taps; the block's sum of a tap is the cube's.
template <class Format>
std::vector<std::uint32_t> convolve_half(const Conv& conv) {
  const TiuCommand& c = conv.c;
  using Bits = typename Format::Bits;
  return for_results(conv, [&](auto n, auto oc, auto oy, auto ox, std::size_t index) {
    float sum = 0;
    if (!conv.old.empty()) sum = as_float(widen(c.res0_prec, conv.old[index]));
    sum = add(sum, as_float(conv.channel[oc]));
    float products[32];
    for (std::uint32_t first = 0; first < conv.from.c; first += 32) {
      const std::uint32_t count = std::min(32u, conv.from.c - first);
      for (std::uint32_t y = 0; y < c.opd1_h; ++y) {
        const std::int32_t row = conv.window.y.source(oy, y);
        for (std::uint32_t x = 0; x < c.opd1_w; ++x) {
          const std::int32_t column = conv.window.x.source(ox, x);
          for (std::uint32_t i = 0; i < count; ++i) {
            const auto value = static_cast<Bits>(conv.element(n, first + i, row, column));
            const auto weight = static_cast<Bits>(conv.kernel(oc, first + i)[y * c.opd1_w + x]);
            products[i] = Format::load(value) * Format::load(weight);
          }
          sum = add(sum, cube_sum({products, count}));
        }
      }
    }
    return narrow(c.res0_prec, as_bits(sum));
  });
}

std::vector<std::uint32_t> convolve_f32(const Conv& conv) {
  const TiuCommand& c = conv.c;
  return for_results(conv, [&](auto n, auto oc, auto oy, auto ox, std::size_t index) {
    const bool adds = !conv.old.empty();
    TwoSums<F32> sums{{conv.channel[oc], adds ? conv.old[index] : 0}, adds ? 0u : 1u};
    for (std::uint32_t ic = 0; ic < conv.from.c; ++ic) {
      const std::uint32_t* kernel = conv.kernel(oc, ic);
      for (std::uint32_t y = 0; y < c.opd1_h; ++y) {
        const std::int32_t row = conv.window.y.source(oy, y);
        for (std::uint32_t x = 0; x < c.opd1_w; ++x) {
          sums.add_product(conv.element(n, ic, row, conv.window.x.source(ox, x)), *kernel++);
        }
      }
    }
    return F32::add(sums.sum[1], sums.sum[0]);
  });
}

}  // namespace

void execute_conv(const TiuJob& job) {
  const TiuCommand& c = job.command;
  const ConvForm form = make_conv_form(c);
  Conv conv(job, form);
  conv.fill = read_window_fill(job, c.opd0_prec, c.opd0_c);
  if (c.tsk_eu_typ != 0) conv.fill.pairs[0] = 0;  // operand 3 is the shift
  conv.weights = read_weights(job, form);
  conv.input = read(job.memory, form.input, "opd0");
  conv.channel = read_conv_channels(job);
  if (c.res_add) conv.old = read(job.memory, form.result, "res0");
  const auto values = c.opd0_prec == i8    ? convolve_integer(conv)
                      : c.opd0_prec == f32 ? convolve_f32(conv)
                      : c.opd0_prec == f16 ? convolve_half<F16>(conv)
                                           : convolve_half<BF16>(conv);
  write(job.memory, form.result, values, job.lanes);
}

}  // namespace vnpu::bm1684x
