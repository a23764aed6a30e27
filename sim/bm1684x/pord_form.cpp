#include "sim/bm1684x/pord_form.h"

#include <algorithm>
#include <string>

#include "base/error.h"

namespace vnpu::bm1684x {
namespace {

void check_types(const TiuCommand& c) {
  const Precision from = c.opd0_prec, to = c.res0_prec;
  const bool integer_result = to == i8 || to == i16 || to == i32;
  const bool fits = from == i8 && c.tsk_eu_typ != PordForm::maximum ? integer_result : from == to;
  if (!fits || (from != i8 && !is_float(from))) {
    throw Error(ErrorKind::fault, std::string("operands of ") + prec_name(from) + ", result of " + prec_name(to));
  }
}

}  // namespace

PordForm make_pord_form(const TiuJob& job) {
  const TiuCommand& c = job.command;
  const unsigned operation = c.tsk_eu_typ;
  if (operation > PordForm::maximum || operation == 3) {
    throw Error(ErrorKind::unsupported, "operation " + std::to_string(operation));
  }
  PordForm p;
  check_types(c);
  p.from = {c.res0_n, c.res0_c, c.opd0_h, c.opd0_w};
  p.to = {c.res0_n, c.res0_c, c.res0_h, c.res0_w};
  p.window = make_window(c);
  p.result = aligned_view(c.res0_addr, c.res0_prec, p.to);
  check_view(p.result, "res0");
  if (p.to.count() * p.taps() > work_limit) throw Error(ErrorKind::fault, "more work than any network");
  p.fill = read_window_fill(job, c.opd0_prec, c.res0_c);
  p.input = aligned_view(c.opd0_addr, c.opd0_prec, p.from);
  check_view(p.input, "opd0");
  const Shape kernel{1, c.res0_c, c.opd1_h, c.opd1_w};
  if (operation == PordForm::average && !c.opd1_const) throw Error(ErrorKind::unsupported, "average with weights");
  if (operation != PordForm::maximum) {
    p.weights = read_operand(job, c.opd1_const, c.opd1_addr, compact_view(c.opd1_addr, c.opd0_prec, kernel), "opd1");
    if (p.window.rotated) {
      for (std::size_t k = 0; k < c.res0_c; ++k) {
        std::reverse(p.weights.begin() + static_cast<std::ptrdiff_t>(k * p.taps()),
                     p.weights.begin() + static_cast<std::ptrdiff_t>((k + 1) * p.taps()));
      }
    }
  }
  if (operation == PordForm::depthwise || operation == PordForm::depthwise_relu) {
    const Precision type = c.opd0_prec == i8 ? i32 : c.opd0_prec;
    p.bias = read_operand(job, c.opd2_const, c.opd2_addr, channel_view(c.opd2_addr, type, {1, c.res0_c, 1, 1}), "opd2");
  }
  return p;
}

}  // namespace vnpu::bm1684x
