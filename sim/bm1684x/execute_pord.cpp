// PorD: depthwise convolution and pooling, channel by channel.
#include <algorithm>
#include <string>

#include "base/error.h"
#include "sim/bm1684x/cube.h"
#include "sim/bm1684x/element_law.h"
#include "sim/bm1684x/window.h"

namespace vnpu::bm1684x {
namespace {

enum Operation : std::uint32_t { depthwise = 0, average = 1, depthwise_relu = 2, maximum = 4 };

struct PorD {
  explicit PorD(const TiuJob& the_job) : job(the_job) {}

  const TiuJob& job;
  const TiuCommand& c = job.command;
  Window window = make_window(c);
  Shape from{c.res0_n, c.res0_c, c.opd0_h, c.opd0_w}, to{c.res0_n, c.res0_c, c.res0_h, c.res0_w};
  std::vector<std::uint32_t> input;    // n, c, y, x
  std::vector<std::uint32_t> weights;  // c, ky, kx (as the window reads them)
  std::vector<std::uint32_t> bias;     // c
  WindowFill fill;

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
  const bool relu = c.tsk_eu_typ == depthwise_relu, any_sign = c.opd0_sign || c.opd1_sign || c.opd2_sign;
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
  if (p.c.tsk_eu_typ == maximum) {
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
  if (p.c.tsk_eu_typ == average) {
    return slide(
        p,
        [](std::uint32_t) {
          return TwoSums<Format>{{Format::sign, Format::sign}, 0};
        },
        add_tap, end);
  }
  const unsigned first = !p.c.opd2_const || p.c.opd2_addr != 0;
  return slide(
      p,
      [&](std::uint32_t k) {
        return TwoSums<Format>{{static_cast<Bits>(p.bias[k]), 0}, first};
      },
      add_tap, end);
}

void check_types(const TiuCommand& c) {
  const Precision from = c.opd0_prec, to = c.res0_prec;
  const bool integer_result = to == i8 || to == i16 || to == i32;
  const bool fits = from == i8 && c.tsk_eu_typ != maximum ? integer_result : from == to;
  if (!fits || (from != i8 && !is_float(from))) {
    throw Error(ErrorKind::fault, std::string("operands of ") + prec_name(from) + ", result of " + prec_name(to));
  }
}

}  // namespace

void execute_pord(const TiuJob& job) {
  const TiuCommand& c = job.command;
  const unsigned operation = c.tsk_eu_typ;
  if (operation > maximum || operation == 3) {
    throw Error(ErrorKind::unsupported, "operation " + std::to_string(operation));
  }
  check_types(c);
  PorD p(job);
  const TensorView result = aligned_view(c.res0_addr, c.res0_prec, p.to);
  check_view(result, "res0");
  if (p.to.count() * p.taps() > work_limit) throw Error(ErrorKind::fault, "more work than any network");
  p.fill = read_window_fill(job, c.opd0_prec, c.res0_c);
  p.input = read(job.memory, aligned_view(c.opd0_addr, c.opd0_prec, p.from), "opd0");
  const Shape kernel{1, c.res0_c, c.opd1_h, c.opd1_w};
  if (operation == average && !c.opd1_const) throw Error(ErrorKind::unsupported, "average with weights");
  if (operation != maximum) {
    p.weights = read_operand(job, c.opd1_const, c.opd1_addr, compact_view(c.opd1_addr, c.opd0_prec, kernel), "opd1");
    if (p.window.rotated) {
      for (std::size_t k = 0; k < c.res0_c; ++k) {
        std::reverse(p.weights.begin() + static_cast<std::ptrdiff_t>(k * p.taps()),
                     p.weights.begin() + static_cast<std::ptrdiff_t>((k + 1) * p.taps()));
      }
    }
  }
  if (operation == depthwise || operation == depthwise_relu) {
    const Precision type = c.opd0_prec == i8 ? i32 : c.opd0_prec;
    p.bias = read_operand(job, c.opd2_const, c.opd2_addr, channel_view(c.opd2_addr, type, {1, c.res0_c, 1, 1}), "opd2");
  }
  std::vector<std::uint32_t> values;
  switch (c.opd0_prec) {
    case f32: values = run_float<F32>(p); break;
    case f16: values = run_float<F16>(p); break;
    case bf16: values = run_float<BF16>(p); break;
    default:
      values = operation == average   ? average_integer(p)
               : operation == maximum ? maximum_integer(p)
                                      : depthwise_integer(p);
  }
  write(job.memory, result, values, job.lanes);
}

}  // namespace vnpu::bm1684x
