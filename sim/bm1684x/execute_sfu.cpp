// SFU: Taylor series, exponent, reciprocal square root.
#include <string>

#include "base/error.h"
#include "sim/bm1684x/law.h"

namespace vnpu::bm1684x {
namespace {

template <class Format>
void taylor(const TiuJob& job, std::vector<std::uint32_t>& values) {
  const TiuCommand& c = job.command;
  using Bits = typename Format::Bits;
  if (c.opd1_n == 0) throw Error(ErrorKind::fault, "opd1_n: no coefficients");
  // The coefficients stand in every lane; that of the element's channel counts.
  const Shape table_shape{1, lane_count, 1, c.opd1_n};
  const std::uint32_t offset = c.opd1_addr % lane_bytes;
  const auto table = read(job.memory, make_view(offset, c.opd0_prec, table_shape, {0, 0, 0, 1}), "opd1");
  const std::uint32_t lane = c.opd0_addr / lane_bytes;
  const std::size_t plane = std::size_t{c.res0_h} * c.res0_w;
  for (std::size_t i = 0; i < values.size(); ++i) {
    const std::size_t place = lane + i / plane % c.res0_c;
    const std::uint32_t* coefficient = table.data() + place % lane_count * c.opd1_n;
    Bits sum = static_cast<Bits>(coefficient[c.opd1_n - 1]);
    for (std::uint32_t k = c.opd1_n - 1; k > 0; --k) {
      sum = Format::add(Format::multiply(sum, static_cast<Bits>(values[i])), static_cast<Bits>(coefficient[k - 1]));
    }
    values[i] = sum;
  }
}

// Where the number's fraction is large the exponent is one more (only of positive numbers).
template <class Format>
std::uint32_t normalise(std::uint32_t x, bool to_integer, unsigned fraction_bits, std::uint32_t threshold) {
  const std::uint32_t fraction = x & ((1u << fraction_bits) - 1);
  const std::uint32_t exponent_mask = (Format::sign - 1) >> fraction_bits;
  const bool positive = !(x & Format::sign);
  const std::uint32_t exponent = (x >> fraction_bits & exponent_mask) + (fraction > threshold && positive);
  return to_integer ? exponent : (x & Format::sign) | (exponent & exponent_mask) << fraction_bits;
}

float reciprocal_root(float x, unsigned steps) {
  float y = as_float(0x5F3759DF - static_cast<std::uint32_t>(static_cast<std::int32_t>(as_bits(x)) >> 1));
  for (unsigned i = 0; i < steps; ++i) {
    y = multiply(y, subtract(1.5f, multiply(multiply(y, multiply(x, 0.5f)), y)));
  }
  return y;
}

}  // namespace

void execute_sfu(const TiuJob& job) {
  const TiuCommand& c = job.command;
  const Shape shape{c.res0_n, c.res0_c, c.res0_h, c.res0_w};
  const TensorView result = aligned_view(c.res0_addr, c.res0_prec, shape);
  if (!is_float(c.opd0_prec)) throw Error(ErrorKind::fault, std::string("operand of ") + prec_name(c.opd0_prec));
  const unsigned operation = c.tsk_eu_typ;
  if (operation != 15 && c.res0_prec != c.opd0_prec) throw Error(ErrorKind::fault, "res0_prec differs from opd0_prec");
  std::vector<std::uint32_t> values = read(job.memory, aligned_view(c.opd0_addr, c.opd0_prec, shape), "opd0");
  if (operation == 12 || operation == 13) {
    if (c.opd0_prec == f32) taylor<F32>(job, values);
    if (c.opd0_prec == f16) taylor<F16>(job, values);
    if (c.opd0_prec == bf16) taylor<BF16>(job, values);
  } else if (operation == 15) {
    const bool to_integer = !is_float(c.res0_prec);
    if (bytes_of(c.res0_prec) != bytes_of(c.opd0_prec)) throw Error(ErrorKind::fault, "res0_prec of another size");
    for (std::uint32_t& x : values) {
      x = c.opd0_prec == f32   ? normalise<F32>(x, to_integer, 23, 0x2AAAAB)
          : c.opd0_prec == f16 ? normalise<F16>(x, to_integer, 10, 0x155)
                               : normalise<BF16>(x, to_integer, 7, 0x2B);
    }
  } else if (operation == 17 && c.opd0_prec == f32) {
    for (std::uint32_t& x : values) x = as_bits(reciprocal_root(as_float(x), (c.opd2_n_str & 3) + 1));
  } else {
    throw Error(ErrorKind::unsupported, "operation " + std::to_string(operation) + " of " + prec_name(c.opd0_prec));
  }
  write(job.memory, result, values, job.lanes);
}

}  // namespace vnpu::bm1684x
