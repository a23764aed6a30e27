#include "sim/bm1684x/ar_form.h"

#include <string>

#include "base/error.h"

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

}  // namespace

ArForm make_ar_form(const TiuCommand& c) {
  const Shape shape{c.res0_n, c.res0_c, c.res0_h, c.res0_w};
  const Operand result{false,        c.res0_addr,  c.res0_str,   c.res0_prec,
                       c.res0_n_str, c.res0_c_str, c.res0_h_str, c.res0_w_str};
  const Operand a{c.opd0_const != 0, c.opd0_addr,  c.opd0_str,   c.opd0_prec,
                  c.opd0_n_str,      c.opd0_c_str, c.opd0_h_str, c.opd0_w_str};
  const Operand b{c.opd1_const != 0, c.opd1_addr,  c.opd1_str,   c.opd1_prec,
                  c.opd1_n_str,      c.opd1_c_str, c.opd1_h_str, c.opd1_w_str};
  ArForm form;
  form.result = view_of(result, shape, "res0");
  check_view(form.result, "res0");
  form.a = a.is_constant ? make_view(0, a.precision, shape, {}) : view_of(a, shape, "opd0");
  if (c.tsk_eu_typ == 28) form.a = form.a.broadcast_n();
  form.b.shape = shape;
  if (c.tsk_opd_num >= 2) form.b = b.is_constant ? make_view(0, b.precision, shape, {}) : view_of(b, shape, "opd1");
  return form;
}

ElementLaw make_ar_law(const TiuJob& job) {
  const TiuCommand& c = job.command;
  ElementTypes types{c.res0_prec, c.opd0_prec, c.opd1_prec, c.opd0_sign != 0, c.opd1_sign != 0};
  if (c.tsk_eu_typ != 12) types.rounding = job.rounding();
  types.newton_steps = (c.opd2_n_str & 3) + 1;
  types.accumulate_left = c.opd2_addr & 0xFF;
  types.accumulate_right = c.opd2_addr >> 8 & 0xFF;
  return ElementLaw("AR", c.tsk_eu_typ, types);
}

}  // namespace vnpu::bm1684x
