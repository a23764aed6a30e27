// CMP: compare two tensors and choose between the operands or between two others.
#include "base/error.h"
#include "sim/bm1684x/element_law.h"
#include "sim/bm1684x/law.h"

namespace vnpu::bm1684x {
namespace {

// Layout 3 means one element a lane.
TensorView compared_view(std::uint32_t address, Precision precision, const Shape& shape, std::uint32_t layout) {
  if (layout == Layout::aligned) return aligned_view(address, precision, shape);
  if (layout == Layout::strided) return make_view(address, precision, shape, {});
  throw Error(ErrorKind::unsupported, "layout " + std::to_string(layout) + " of a compared operand");
}

}  // namespace

void execute_cmp(const TiuJob& job) {
  const TiuCommand& c = job.command;
  const unsigned operation = c.tsk_eu_typ;
  const Shape shape{c.res0_n, c.res0_c, c.res0_h, c.res0_w};
  const Precision from = c.opd0_prec, to = c.opd2_prec;
  const auto a =
      read_operand(job, c.opd0_const, c.opd0_addr, compared_view(c.opd0_addr, from, shape, c.opd0_str), "opd0");
  const auto b =
      read_operand(job, c.opd1_const, c.opd1_addr, compared_view(c.opd1_addr, from, shape, c.opd1_str), "opd1");
  auto chosen = read_operand(job, c.opd2_const, c.opd2_addr, aligned_view(c.opd2_addr, to, shape), "opd2");
  const auto other = read_operand(job, c.opd3_const, c.opd3_addr, aligned_view(c.opd3_addr, to, shape), "opd3");
  const bool keeps_extreme = operation == 22 || operation == 25;
  auto extreme = a;
  const bool is_signed = c.opd0_sign != 0;
  const unsigned select = operation == 24 ? 11 : operation == 22 || operation == 23 ? 10 : 13;  // of AR
  const ElementLaw law("CMP", select, {i8, from, from, is_signed, is_signed, Rounding::half_even, 1});
  for (std::size_t i = 0; i < a.size(); ++i) {
    const bool holds = law(a[i], b[i], 1) != 0;
    if (!holds) chosen[i] = other[i], extreme[i] = b[i];
  }
  if (!keeps_extreme) return write(job.memory, aligned_view(c.res0_addr, to, shape), chosen, job.lanes);
  const TensorView second = aligned_view(c.res1_addr, to, shape);
  check_view(second, "res1");
  write(job.memory, aligned_view(c.res0_addr, from, shape), extreme, job.lanes);
  write(job.memory, second, chosen, job.lanes);
}

}  // namespace vnpu::bm1684x
