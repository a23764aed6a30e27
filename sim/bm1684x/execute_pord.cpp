// PorD: depthwise convolution and pooling, channel by channel.
#include <algorithm>
#include <string>

#include "base/error.h"
#include "sim/bm1684x/cube.h"
#include "sim/bm1684x/element_law.h"
#include "sim/bm1684x/pord_form.h"

namespace vnpu::bm1684x {
namespace {

struct PorD {
  PorD(const TiuJob& the_job, const PordForm& form)
      : job(the_job),
        c(the_job.command),
        window(form.window),
        from(form.from),
        to(form.to),
        weights(form.weights),
        bias(form.bias),
        fill(form.fill) {}

  const TiuJob& job;
  const TiuCommand& c;
  const Window& window;
  const Shape &from, &to;
  std::vector<std::uint32_t> input;           // n, c, y, x
  const std::vector<std::uint32_t>& weights;  // c, ky, kx (as the window reads them)
  const std::vector<std::uint32_t>& bias;     // c
  const WindowFill& fill;

  std::size_t taps() const { return std::size_t{c.opd1_h} * c.opd1_w; }
};

// Calls tap(value, index of the tap) for all taps of a window in order, then end(channel), which gives the result.
template <class Start, class Tap, class End>
std::vector<std::uint32_t> slide(const PorD& p, Start&& start, Tap&& tap, End&& end) {
  std::vector<std::uint32_t> values;
  values.reserve(p.to.count());
  const std::size_t plane = std::size_t{p.from.h} * p.from.w;
  for (std::uint32_t n = 0; n < p.to.n; ++n) {
    for (std::uint32_t k = 0; k < p.to.c; ++k) {
      const std::uint32_t* from = p.input.data() + (std::size_t{n} * p.to.c + k) * plane;
      for (std::uint32_t oy = 0; oy < p.to.h; ++oy) {
        for (std::uint32_t ox = 0; ox < p.to.w; ++ox) {
          auto sum = start(k);
          std::size_t index = k * p.taps();
          for (std::uint32_t y = 0; y < p.c.opd1_h; ++y) {
            const std::int32_t row = p.window.y.source(oy, y);
            for (std::uint32_t x = 0; x < p.c.opd1_w; ++x) {
              tap(sum, window_element(from, row, p.window.x.source(ox, x), p.from.w, p.fill, k), index++);
            }
          }
          values.push_back(end(sum));
        }
      }
    }
  }
  return values;
}

std::vector<std::uint32_t> depthwise_integer(const PorD& p) {
  const TiuCommand& c = p.c;
  const bool relu = c.tsk_eu_typ == PordForm::depthwise_relu, any_sign = c.opd0_sign || c.opd1_sign || c.opd2_sign;
  const unsigned by = c.res1_addr >> 8 & 0xFF, bits = bits_of(c.res0_prec);
  const Rounding rounding = p.job.rounding();
  return slide(
      p, [&](std::uint32_t k) { return std::int64_t{static_cast<std::int32_t>(p.bias[k])}; },
      [&](std::int64_t& sum, std::uint32_t value, std::size_t i) {
        sum += extend(value, 8, c.opd0_sign) * extend(p.weights[i], 8, c.opd1_sign);
      },
      [&](std::int64_t sum) {
        sum = any_sign ? static_cast<std::int32_t>(sum) : static_cast<std::int64_t>(static_cast<std::uint32_t>(sum));
        if (relu && sum < 0) sum = 0;
        sum = shift_right(sum, by, rounding);
        return static_cast<std::uint32_t>(bits == 32 ? sum : saturate(sum, bits, any_sign && !relu));
      });
}

std::vector<std::uint32_t> average_integer(const PorD& p) {
  const TiuCommand& c = p.c;
  const std::int64_t weight = c.opd1_addr & 0xFF;
  return slide(
      p, [](std::uint32_t) { return std::int64_t{0}; },
      [&](std::int64_t& sum, std::uint32_t value, std::size_t) { sum += extend(value, 8, c.opd0_sign) * weight; },
      [&](std::int64_t sum) {
        return static_cast<std::uint32_t>(
            saturate(shift_right(sum, c.opd2_addr, Rounding::half_up), bits_of(c.res0_prec), c.opd0_sign));
      });
}

std::vector<std::uint32_t> maximum_integer(const PorD& p) {
  const bool is_signed = p.c.opd0_sign != 0;
  return slide(
      p, [&](std::uint32_t) { return is_signed ? std::int64_t{-128} : 0; },
      [&](std::int64_t& most, std::uint32_t value, std::size_t) { most = std::max(most, extend(value, 8, is_signed)); },
      [](std::int64_t most) { return static_cast<std::uint32_t>(most); });
}

template <class Format>
std::vector<std::uint32_t> run_float(const PorD& p) {
  using Bits = typename Format::Bits;
  const Precision precision = p.c.opd0_prec;
  if (p.c.tsk_eu_typ == PordForm::maximum) {
    return slide(
        p, [](std::uint32_t) { return std::uint32_t{Format::lowest}; },
        [&](std::uint32_t& most, std::uint32_t value, std::size_t) {
          if (!is_greater(precision, most, value)) most = value;
        },
        [&](std::uint32_t most) { return precision == f32 ? flush(most) : most; });
  }
  const auto add_tap = [&](TwoSums<Format>& sums, std::uint32_t value, std::size_t i) {
    sums.add_product(static_cast<Bits>(value), static_cast<Bits>(p.weights[i]));
  };
  const auto end = [](const TwoSums<Format>& sums) { return std::uint32_t{Format::add(sums.sum[0], sums.sum[1])}; };
  if (p.c.tsk_eu_typ == PordForm::average) {
    return slide(
        p,
        [](std::uint32_t) {
          return TwoSums<Format>{{Format::sign, Format::sign}, 0};
        },
        add_tap, end);
  }
  const unsigned first = PordForm::has_bias(p.c);
  return slide(
      p,
      [&](std::uint32_t k) {
        return TwoSums<Format>{{static_cast<Bits>(p.bias[k]), 0}, first};
      },
      add_tap, end);
}

}  // namespace

void execute_pord(const TiuJob& job) {
  const PordForm form = make_pord_form(job);
  const TiuCommand& c = job.command;
  const unsigned operation = c.tsk_eu_typ;
  PorD p(job, form);
  p.input = read(job.memory, form.input, "opd0");
  std::vector<std::uint32_t> values;
  switch (c.opd0_prec) {
    case f32: values = run_float<F32>(p); break;
    case f16: values = run_float<F16>(p); break;
    case bf16: values = run_float<BF16>(p); break;
    default:
      values = operation == PordForm::average   ? average_integer(p)
               : operation == PordForm::maximum ? maximum_integer(p)
                                                : depthwise_integer(p);
  }
  write(job.memory, form.result, values, job.lanes);
}

}  // namespace vnpu::bm1684x
