// VC: every element of a vector against every element of another.
#include "base/error.h"
#include "sim/bm1684x/element_law.h"
#include "sim/bm1684x/law.h"

namespace vnpu::bm1684x {

void execute_vc(const TiuJob& job) {
  const TiuCommand& c = job.command;
  const unsigned operation = c.tsk_eu_typ;
  const Shape left_shape{1, c.opd0_c, 1, c.opd0_w}, right_shape{1, c.res0_c, 1, c.res0_w};
  if (c.opd0_c == 0 || c.opd1_w > c.opd0_w) throw Error(ErrorKind::fault, "opd1_w: more than a row");
  const Shape shape{(c.opd0_c - 1) * c.opd0_w + c.opd1_w, c.res0_c, 1, c.res0_w};
  const TensorView result = aligned_view(c.res0_addr, c.res0_prec, shape);
  check_view(result, "res0");
  const auto left = read(job.memory, aligned_view(c.opd0_addr, c.opd0_prec, left_shape), "opd0");
  const auto right = read(job.memory, aligned_view(c.opd1_addr, c.opd1_prec, right_shape), "opd1");
  const bool is_select = operation == 10 || operation == 11 || operation == 13;
  const ElementLaw law("VC", operation,
                       {c.res0_prec, c.opd0_prec, c.opd1_prec, c.opd0_sign != 0, c.opd1_sign != 0,
                        operation == 12 ? Rounding::half_even : job.rounding(), 3});
  std::vector<std::uint32_t> values;
  values.reserve(shape.count());
  for (std::uint32_t n = 0; n < shape.n; ++n) {
    for (const std::uint32_t b : right) values.push_back(law(left[n], b, is_select ? c.opd2_addr : 0));
  }
  write(job.memory, result, values, job.lanes);
}

}  // namespace vnpu::bm1684x
