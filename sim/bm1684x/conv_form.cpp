#include "sim/bm1684x/conv_form.h"

#include <string>

#include "base/error.h"

namespace vnpu::bm1684x {
namespace {

TensorView input_view(const TiuCommand& c, const Shape& from) {
  if (c.opd0_str == Layout::aligned) return aligned_view(c.opd0_addr, c.opd0_prec, from);
  if (c.opd0_str != Layout::strided) {
    throw Error(ErrorKind::unsupported, "opd0_str: layout " + std::to_string(c.opd0_str));
  }
  return make_view(c.opd0_addr, c.opd0_prec, from, {c.opd0_n_str, c.opd0_c_str, c.opd0_h_str, c.opd0_w_str});
}

void check_types(const TiuCommand& c) {
  const Precision from = c.opd0_prec, to = c.res0_prec;
  const bool fits = from == i8    ? (c.tsk_eu_typ == 0 ? to == i32 || to == i16 : to == i8 || to == i16)
                    : from == f32 ? to == f32
                                  : (from == f16 || from == bf16) && (to == from || to == f32);
  if (!fits) {
    throw Error(ErrorKind::fault, std::string("operands of ") + prec_name(from) + ", result of " + prec_name(to));
  }
  if (c.tsk_eu_typ > 2 || (c.tsk_eu_typ != 0 && from != i8)) {
    throw Error(ErrorKind::unsupported, "operation " + std::to_string(c.tsk_eu_typ) + " of " + prec_name(from));
  }
  if (c.tsk_eu_typ != 0 && (!c.opd2_const || !c.opd3_const)) {
    throw Error(ErrorKind::unsupported, "requantisation with parameters per channel");
  }
  if (c.res_add && bytes_of(to) != 4) throw Error(ErrorKind::fault, std::string("res_add to ") + prec_name(to));
}

}  // namespace

ConvForm make_conv_form(const TiuCommand& c) {
  check_types(c);
  ConvForm form;
  form.from = {c.res0_n, c.opd0_c, c.opd0_h, c.opd0_w};
  form.to = {c.res0_n, c.res0_c, c.res0_h, c.res0_w};
  form.window = make_window(c);
  form.input = input_view(c, form.from);
  check_view(form.input, "opd0");
  form.result = aligned_view(c.res0_addr, c.res0_prec, form.to);
  check_view(form.result, "res0");
  if (form.taps() * c.opd0_c * c.res0_c > element_limit) {
    throw Error(ErrorKind::fault, "opd1: more than local memory holds");
  }
  if (form.to.count() * form.taps() * c.opd0_c > work_limit)
    throw Error(ErrorKind::fault, "more work than any network");
  form.pack = c.opd0_prec == f32 ? 1 : eu_bytes / bytes_of(c.opd0_prec);
  if (c.opd1_const) return form;
  const auto packs = (c.opd0_c + form.pack - 1) / form.pack;
  const auto row = static_cast<std::uint32_t>(packs * form.taps() * form.pack);
  form.weights = make_view(c.opd1_addr, c.opd0_prec, {1, c.res0_c, 1, row}, {0, row, 0, 1});
  check_view(form.weights, "opd1");
  return form;
}

std::vector<std::uint32_t> read_conv_channels(const TiuJob& job) {
  const TiuCommand& c = job.command;
  const Precision type = c.opd0_prec == i8 ? i8 : f32;
  return read_operand(job, c.opd2_const, c.opd2_addr, channel_view(c.opd2_addr, type, {1, c.res0_c, 1, 1}), "opd2");
}

}  // namespace vnpu::bm1684x
