// MM2: matrix multiply with one row a lane, of int8, f16 and bf16.
#include <algorithm>
#include <string>

#include "base/error.h"
#include "sim/bm1684x/cast_law.h"
#include "sim/bm1684x/cube.h"
#include "sim/bm1684x/law.h"

namespace vnpu::bm1684x {
namespace {

struct Mm2 {
  explicit Mm2(const TiuJob& the_job) : job(the_job) {}

  const TiuJob& job;
  const TiuCommand& c = job.command;
  bool right_transposed = c.tsk_eu_typ == 5;
  std::uint32_t rows = c.res0_c, columns = c.res0_w;
  std::uint32_t inner = right_transposed ? c.opd1_w : c.opd1_c;
  std::vector<std::uint32_t> a, b;  // rows x inner; as stored
  std::vector<std::uint32_t> zero;  // of int8: rows x columns
  std::vector<std::uint32_t> old;   // with res_add, else empty

  std::uint32_t left(std::size_t row, std::size_t k) const { return a[row * inner + k]; }
  std::uint32_t right(std::size_t k, std::size_t column) const {
    return right_transposed ? b[column * inner + k] : b[k * columns + column];
  }
};

std::uint32_t dot_integer(const Mm2& m, std::size_t row, std::size_t column) {
  const std::size_t index = row * m.columns + column;
  std::int64_t sum = m.old.empty() ? 0 : static_cast<std::int32_t>(m.old[index]);
  const std::int64_t zero = extend(m.zero[index], 8, m.c.opd1_sign);
  for (std::size_t k = 0; k < m.inner; ++k) {
    sum += extend(m.left(row, k), 8, m.c.opd0_sign) * (extend(m.right(k, column), 8, m.c.opd1_sign) - zero);
  }
  return static_cast<std::uint32_t>(sum);
}

template <class Format>
std::uint32_t dot_half(const Mm2& m, std::size_t row, std::size_t column) {
  using Bits = typename Format::Bits;
  float sum = m.old.empty() ? 0.0f : as_float(widen(m.c.res0_prec, m.old[row * m.columns + column]));
  float products[32];
  for (std::size_t first = 0; first < m.inner; first += 32) {
    const std::size_t count = std::min<std::size_t>(32, m.inner - first);
    for (std::size_t i = 0; i < count; ++i) {
      products[i] = Format::load(static_cast<Bits>(m.left(row, first + i))) *
                    Format::load(static_cast<Bits>(m.right(first + i, column)));
    }
    sum = add(cube_sum({products, count}), sum);
  }
  return narrow(m.c.res0_prec, as_bits(sum));
}

void check_types(const TiuCommand& c) {
  const Precision from = c.opd0_prec, to = c.res0_prec;
  if (c.tsk_eu_typ != 4 && c.tsk_eu_typ != 5) {
    throw Error(ErrorKind::unsupported, "operation " + std::to_string(c.tsk_eu_typ));
  }
  const bool fits = from == i8 ? to == i32 : (from == f16 || from == bf16) && (to == from || to == f32);
  if (!fits)
    throw Error(ErrorKind::fault, std::string("operands of ") + prec_name(from) + ", result of " + prec_name(to));
  if (c.res_add && bytes_of(to) != 4) throw Error(ErrorKind::fault, std::string("res_add to ") + prec_name(to));
}

}  // namespace

void execute_mm2(const TiuJob& job) {
  const TiuCommand& c = job.command;
  check_types(c);
  Mm2 m(job);
  if ((m.right_transposed ? c.opd1_c : c.opd1_w) != m.columns)
    throw Error(ErrorKind::fault, "opd1: not the result's columns");
  const Shape shape{1, m.rows, 1, m.columns};
  const TensorView result = aligned_view(c.res0_addr, c.res0_prec, shape);
  check_view(result, "res0");
  if (shape.count() * m.inner > work_limit) throw Error(ErrorKind::fault, "more work than any network");
  m.a = read_operand(job, c.opd0_const, c.opd0_addr, aligned_view(c.opd0_addr, c.opd0_prec, {1, m.rows, 1, m.inner}),
                     "opd0");
  m.b = read_operand(job, c.opd1_const, c.opd1_addr, aligned_view(c.opd1_addr, c.opd0_prec, {1, c.opd1_c, 1, c.opd1_w}),
                     "opd1");
  if (c.opd0_prec == i8) {
    // Every lane holds the list; its own counts.
    TensorView list = aligned_view(c.opd2_addr, i8, shape);
    list.strides.c = 0;
    m.zero = read_operand(job, c.opd2_const, c.opd2_addr, list, "opd2");
  }
  if (c.res_add) m.old = read(job.memory, result, "res0");
  const auto dot = c.opd0_prec == i8 ? dot_integer : c.opd0_prec == f16 ? dot_half<F16> : dot_half<BF16>;
  std::vector<std::uint32_t> values;
  values.reserve(shape.count());
  for (std::size_t row = 0; row < m.rows; ++row) {
    for (std::size_t column = 0; column < m.columns; ++column) values.push_back(dot(m, row, column));
  }
  write(job.memory, result, values, job.lanes);
}

}  // namespace vnpu::bm1684x
