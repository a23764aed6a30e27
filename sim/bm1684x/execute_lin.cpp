// LIN: a * b + c, (a + b)^2, (a - b)^2 with b and c one a channel.
#include <string>

#include "base/error.h"
#include "sim/bm1684x/law.h"

namespace vnpu::bm1684x {
namespace {

template <class Format>
void run(const TiuJob& job) {
  const TiuCommand& c = job.command;
  using Bits = typename Format::Bits;
  const Shape shape{c.res0_n, c.res0_c, c.res0_h, c.res0_w};
  const TensorView result = aligned_view(c.res0_addr, c.res0_prec, shape);
  auto a = read(job.memory, aligned_view(c.opd0_addr, c.res0_prec, shape), "opd0");
  const auto b = read_operand(job, c.opd1_const, c.opd1_addr, channel_view(c.opd1_addr, c.res0_prec, shape), "opd1");
  std::vector<std::uint32_t> addend(a.size(), 0);
  if (c.tsk_eu_typ == 1) {
    addend = read_operand(job, c.opd2_const, c.opd2_addr, channel_view(c.opd2_addr, c.res0_prec, shape), "opd2");
  }
  for (std::size_t i = 0; i < a.size(); ++i) {
    const auto x = static_cast<Bits>(a[i]), y = static_cast<Bits>(b[i]);
    if (c.tsk_eu_typ == 1) {
      a[i] = Format::add(Format::multiply(x, y), static_cast<Bits>(addend[i]));
    } else {
      const Bits sum = c.tsk_eu_typ == 20 ? Format::add(x, y) : Format::subtract(x, y);
      a[i] = Format::multiply(sum, sum);
    }
  }
  write(job.memory, result, a, job.lanes);
}

}  // namespace

void execute_lin(const TiuJob& job) {
  const TiuCommand& c = job.command;
  if (c.tsk_eu_typ != 1 && c.tsk_eu_typ != 20 && c.tsk_eu_typ != 21) {
    throw Error(ErrorKind::unsupported, "operation " + std::to_string(c.tsk_eu_typ));
  }
  switch (c.res0_prec) {
    case f32: return run<F32>(job);
    case f16: return run<F16>(job);
    case bf16: return run<BF16>(job);
    default: throw Error(ErrorKind::fault, std::string("operands of ") + prec_name(c.res0_prec));
  }
}

}  // namespace vnpu::bm1684x
