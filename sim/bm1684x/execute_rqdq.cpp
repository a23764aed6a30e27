// RQ and DQ: between accumulators or real numbers and quantised integers, with constants or one set a channel.
#include <string>

#include "base/error.h"
#include "sim/bm1684x/cast_law.h"
#include "sim/bm1684x/law.h"

namespace vnpu::bm1684x {
namespace {

// Words of one channel: `count` successive 32-bit words, 64 bytes a group of lanes.
std::vector<std::uint32_t> read_parameters(const TiuJob& job, const Shape& shape, std::uint32_t count) {
  const Strides strides{0, eu_bytes / 4, 0, 1};
  return read(job.memory, make_view(job.command.opd1_addr, i32, {1, shape.c, 1, count}, strides), "opd1");
}

std::uint32_t integer_of_size(const TiuJob& job, std::uint32_t x) {
  const Precision from = job.command.opd0_prec;
  if (from == i8 || from == f32) return 0;  // no source of the chip, read as 0
  if (from == i16) return static_cast<std::uint32_t>(extend(x, 16, job.command.opd0_sign));
  return x;
}

struct Parameters {
  std::uint32_t word[3];
};

// float(x) * scale + offset, rounded and saturated.
std::uint32_t requantise_float(const TiuJob& job, std::uint32_t x, const Parameters& p) {
  const TiuCommand& c = job.command;
  const auto number = static_cast<std::int32_t>(integer_of_size(job, x));
  const float real = as_float(integer_to_float(f32, number, job.rounding()));
  const float scaled = add(multiply(real, as_float(p.word[0])), as_float(p.word[1]));
  const auto mode = static_cast<Rounding>(c.opd2_n_str >> 3 & 7);
  return static_cast<std::uint32_t>(float_to_integer(as_bits(scaled), bits_of(c.res0_prec), c.opd2_sign, mode));
}

// x * multiplier shifted + zero point.
std::uint32_t requantise_integer(const TiuJob& job, std::uint32_t x, const Parameters& p) {
  const TiuCommand& c = job.command;
  const std::int64_t product =
      std::int64_t{static_cast<std::int32_t>(integer_of_size(job, x))} * static_cast<std::int32_t>(p.word[0]);
  const std::int64_t zero = extend(p.word[2], 16, c.opd2_sign);
  const std::int64_t shifted = shift(product, static_cast<int>(extend(p.word[1], 8, true)), job.rounding());
  const auto value = static_cast<std::int64_t>(static_cast<std::uint64_t>(shifted) + static_cast<std::uint64_t>(zero));
  return static_cast<std::uint32_t>(saturate(value, bits_of(c.res0_prec), c.opd2_sign));
}

// (x - zero point) * scale.
std::uint32_t dequantise_float(const TiuJob& job, std::uint32_t x, const Parameters& p) {
  const TiuCommand& c = job.command;
  const std::int64_t number = extend(x, bits_of(c.opd0_prec), c.opd0_sign) - extend(p.word[0], 16, c.opd0_sign);
  return as_bits(multiply(static_cast<float>(number), as_float(p.word[1])));
}

// ((x - zero point) * multiplier) shifted.
std::uint32_t dequantise_integer(const TiuJob& job, std::uint32_t x, const Parameters& p) {
  const TiuCommand& c = job.command;
  const std::int64_t number = extend(x, bits_of(c.opd0_prec), c.opd0_sign) - extend(p.word[0], 16, c.opd0_sign);
  const std::int64_t product = number * static_cast<std::int32_t>(p.word[1]);
  const std::int64_t value = shift(product, static_cast<std::int32_t>(p.word[2]), job.rounding());
  const std::int64_t word = saturate(value, 32, true);
  return static_cast<std::uint32_t>(c.res0_prec == i32 ? word : saturate(word, bits_of(c.res0_prec), c.opd2_sign));
}

Parameters constants(const TiuCommand& c) {
  const auto first = c.opd1_addr, second = c.opd2_addr;
  switch (c.tsk_eu_typ) {
    case 1: return {{first, second & 0xFF, second >> 16}};
    case 4: return {{first & 0xFFFF, second, static_cast<std::uint32_t>(static_cast<std::int32_t>(first) >> 16)}};
    default: return {{first, second, 0}};
  }
}

void check_types(const TiuCommand& c) {
  const auto refuse = [](const char* field, Precision p) {
    throw Error(ErrorKind::fault, std::string(field) + ": " + prec_name(p));
  };
  const Precision from = c.opd0_prec, to = c.res0_prec;
  const bool requantises = c.tsk_eu_typ < 3;
  if (requantises ? from == f16 || from == bf16 : from != i8 && from != i16) refuse("opd0_prec", from);
  if (c.tsk_eu_typ == 3 ? to != f32 : is_float(to)) refuse("res0_prec", to);
  if (c.tsk_eu_typ == 0 && (c.opd2_n_str >> 3 & 7) > 4) throw Error(ErrorKind::fault, "opd2_n_str: rounding mode");
}

}  // namespace

void execute_rqdq(const TiuJob& job) {
  const TiuCommand& c = job.command;
  const Shape shape{c.res0_n, c.res0_c, c.res0_h, c.res0_w};
  using Function = std::uint32_t (*)(const TiuJob&, std::uint32_t, const Parameters&);
  Function function = nullptr;
  std::uint32_t words = 2;
  switch (c.tsk_eu_typ) {
    case 0: function = requantise_float; break;
    case 1: function = requantise_integer, words = 3; break;
    case 3: function = dequantise_float; break;
    case 4: function = dequantise_integer, words = 3; break;
    default: throw Error(ErrorKind::unsupported, "operation " + std::to_string(c.tsk_eu_typ));
  }
  check_types(c);
  const TensorView result = aligned_view(c.res0_addr, c.res0_prec, shape);
  auto values = read(job.memory, aligned_view(c.opd0_addr, c.opd0_prec, shape), "opd0");
  std::vector<std::uint32_t> table;
  if (!c.opd1_const) table = read_parameters(job, shape, words);
  Parameters p = constants(c);
  const std::size_t plane = std::size_t{c.res0_h} * c.res0_w;
  for (std::size_t i = 0; i < values.size(); ++i) {
    if (!c.opd1_const) {
      const std::size_t channel = i / plane % shape.c;
      for (std::uint32_t k = 0; k < words; ++k) p.word[k] = table[channel * words + k];
      if (c.tsk_eu_typ == 4) p.word[2] = static_cast<std::uint32_t>(extend(p.word[2], 8, true));
    }
    values[i] = function(job, values[i], p);
  }
  write(job.memory, result, values, job.lanes);
}

}  // namespace vnpu::bm1684x
