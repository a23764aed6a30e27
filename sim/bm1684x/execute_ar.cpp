// AR: element-wise operations of one, two or three operands.
#include <string>

#include "base/error.h"
#include "sim/bm1684x/cast_law.h"
#include "sim/bm1684x/element_law.h"
#include "sim/bm1684x/law.h"

namespace vnpu::bm1684x {
namespace {

struct Operand {
  bool is_constant;
  std::uint32_t address, layout;
  Precision precision;
  std::uint32_t n_str, c_str, h_str, w_str;
};

// Free strides have 18 bits: the upper two of n and c stand above those of h and w.
Strides free_strides(const Operand& o) {
  return {o.n_str | (o.h_str >> 18 & 3) << 16, o.c_str | (o.w_str >> 18 & 3) << 16, o.h_str & 0x3FFFF,
          o.w_str & 0x3FFFF};
}

TensorView view_of(const Operand& o, const Shape& shape, const char* name) {
  switch (o.layout) {
    case Layout::aligned: return aligned_view(o.address, o.precision, shape);
    case Layout::compact: return compact_view(o.address, o.precision, shape);
    case Layout::per_channel: return channel_view(o.address, o.precision, shape);
    case Layout::strided: return make_view(o.address, o.precision, shape, free_strides(o));
    default: throw Error(ErrorKind::unsupported, std::string(name) + ": layout " + std::to_string(o.layout));
  }
}

std::vector<std::uint32_t> read_operand(const TiuJob& job, const Operand& o, const Shape& shape, bool broadcast_n,
                                        const char* name) {
  TensorView view = view_of(o, shape, name);
  return read_operand(job, o.is_constant, o.address, broadcast_n ? view.broadcast_n() : view, name);
}

// Shifts of integers are signed numbers of at most 8 bits as constants, of their type as vectors.
void decode_shifts(const TiuCommand& c, std::vector<std::uint32_t>& values) {
  const unsigned bits = c.opd2_const ? 8 : bits_of(c.opd2_prec);
  for (std::uint32_t& value : values) value = static_cast<std::uint32_t>(extend(value, bits, true));
}

// The third operand, one an element: what ElementLaw takes as `c`.
std::vector<std::uint32_t> read_third(const TiuJob& job, const Shape& shape, const TensorView& result) {
  const TiuCommand& c = job.command;
  const bool is_select = c.tsk_eu_typ == 10 || c.tsk_eu_typ == 11 || c.tsk_eu_typ == 13;
  if (is_select) return std::vector<std::uint32_t>(shape.count(), c.opd2_addr);
  if (c.tsk_eu_typ == 18) return read(job.memory, result, "opd2");
  if (c.tsk_opd_num < 3 || is_float(c.opd0_prec)) return std::vector<std::uint32_t>(shape.count(), 0);
  std::vector<std::uint32_t> values =
      read_operand(job, c.opd2_const, c.opd2_addr, channel_view(c.opd2_addr, c.opd2_prec, shape), "opd2");
  decode_shifts(c, values);
  return values;
}

}  // namespace

std::vector<std::uint32_t> read_operand(const TiuJob& job, bool is_constant, std::uint32_t address_or_value,
                                        const TensorView& view, const char* operand) {
  if (!is_constant) return read(job.memory, view, operand);
  if (view.shape.count() > element_limit) check_view(view, operand);
  return std::vector<std::uint32_t>(view.shape.count(), address_or_value);
}

void execute_ar(const TiuJob& job) {
  const TiuCommand& c = job.command;
  const unsigned operation = c.tsk_eu_typ;
  const Shape shape{c.res0_n, c.res0_c, c.res0_h, c.res0_w};
  const Operand result_operand{false,        c.res0_addr,  c.res0_str,   c.res0_prec,
                               c.res0_n_str, c.res0_c_str, c.res0_h_str, c.res0_w_str};
  const Operand a_operand{c.opd0_const != 0, c.opd0_addr,  c.opd0_str,   c.opd0_prec,
                          c.opd0_n_str,      c.opd0_c_str, c.opd0_h_str, c.opd0_w_str};
  const Operand b_operand{c.opd1_const != 0, c.opd1_addr,  c.opd1_str,   c.opd1_prec,
                          c.opd1_n_str,      c.opd1_c_str, c.opd1_h_str, c.opd1_w_str};
  const TensorView result = view_of(result_operand, shape, "res0");
  check_view(result, "res0");
  std::vector<std::uint32_t> a = read_operand(job, a_operand, shape, operation == 28, "opd0");

  if (operation == 14) {
    const CastLaw law(c.opd0_prec, c.opd0_sign, c.res0_prec, c.opd2_sign, job.rounding());
    for (std::uint32_t& value : a) value = law(value);
    return write(job.memory, result, a, job.lanes);
  }

  const ElementLaw law("AR", operation,
                       {c.res0_prec, c.opd0_prec, c.opd1_prec, c.opd0_sign != 0, c.opd1_sign != 0,
                        operation == 12 ? Rounding::half_even : job.rounding(), (c.opd2_n_str & 3) + 1,
                        c.opd2_addr & 0xFF, c.opd2_addr >> 8 & 0xFF});
  const std::vector<std::uint32_t> third = read_third(job, shape, result);
  if (c.tsk_opd_num < 2) {
    for (std::size_t i = 0; i < a.size(); ++i) a[i] = law(a[i], 0, third[i]);
  } else {
    const std::vector<std::uint32_t> b = read_operand(job, b_operand, shape, false, "opd1");
    for (std::size_t i = 0; i < a.size(); ++i) a[i] = law(a[i], b[i], third[i]);
  }
  write(job.memory, result, a, job.lanes);
}

}  // namespace vnpu::bm1684x
