// AR: element-wise operations of one, two or three operands.
#include <string>

#include "base/error.h"
#include "sim/bm1684x/ar_form.h"
#include "sim/bm1684x/cast_law.h"

namespace vnpu::bm1684x {
namespace {

// Shifts of integers are signed numbers of at most 8 bits as constants, of their type as vectors.
void decode_shifts(const TiuCommand& c, std::vector<std::uint32_t>& values) {
  const unsigned bits = c.opd2_const ? 8 : bits_of(c.opd2_prec);
  for (std::uint32_t& value : values) value = static_cast<std::uint32_t>(extend(value, bits, true));
}

// The third operand, one an element: what ElementLaw takes as `c`.
std::vector<std::uint32_t> read_third(const TiuJob& job, const TensorView& result) {
  const TiuCommand& c = job.command;
  const Shape& shape = result.shape;
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
  const ArForm form = make_ar_form(c);
  const TensorView& result = form.result;
  std::vector<std::uint32_t> a = read_operand(job, c.opd0_const, c.opd0_addr, form.a, "opd0");

  if (operation == 14) {
    const CastLaw law(c.opd0_prec, c.opd0_sign, c.res0_prec, c.opd2_sign, job.rounding());
    for (std::uint32_t& value : a) value = law(value);
    return write(job.memory, result, a, job.lanes);
  }

  const ElementLaw law = make_ar_law(job);
  const std::vector<std::uint32_t> third = read_third(job, result);
  if (c.tsk_opd_num < 2) {
    for (std::size_t i = 0; i < a.size(); ++i) a[i] = law(a[i], 0, third[i]);
  } else {
    const std::vector<std::uint32_t> b = read_operand(job, c.opd1_const, c.opd1_addr, form.b, "opd1");
    for (std::size_t i = 0; i < a.size(); ++i) a[i] = law(a[i], b[i], third[i]);
  }
  write(job.memory, result, a, job.lanes);
}

}  // namespace vnpu::bm1684x
