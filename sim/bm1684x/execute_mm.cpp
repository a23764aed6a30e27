// MM: matrix multiply with rows folded over lanes.
#include <string>

#include "base/error.h"
#include "sim/bm1684x/cube.h"
#include "sim/bm1684x/law.h"

namespace vnpu::bm1684x {
namespace {

// Columns lie `width` in a channel, the last channel may be shorter: rows x (channels * width) elements in memory.
struct Matrix {
  std::uint32_t rows, columns;
  std::vector<std::uint32_t> values;  // rows x columns
};

Matrix read_matrix(const TiuJob& job, std::uint32_t address, Precision precision, const Shape& shape,
                   std::uint32_t columns, const char* name) {
  const auto all = read(job.memory, aligned_view(address, precision, shape), name);
  Matrix m{shape.n, columns, {}};
  const std::size_t stored = std::size_t{shape.c} * shape.w;
  for (std::size_t row = 0; row < shape.n; ++row) {
    m.values.insert(m.values.end(), all.begin() + static_cast<std::ptrdiff_t>(row * stored),
                    all.begin() + static_cast<std::ptrdiff_t>(row * stored + columns));
  }
  return m;
}

Matrix transposed(const Matrix& m) {
  Matrix t{m.columns, m.rows, {}};
  t.values.reserve(m.values.size());
  for (std::size_t column = 0; column < m.columns; ++column) {
    for (std::size_t row = 0; row < m.rows; ++row) t.values.push_back(m.values[row * m.columns + column]);
  }
  return t;
}

std::uint32_t dot_f32(const std::uint32_t* a, const Matrix& b, std::size_t column, std::uint32_t bias,
                      std::uint32_t old, bool adds) {
  TwoSums<F32> sums{{bias, old}, adds ? 0u : 1u};
  for (std::size_t k = 0; k < b.rows; ++k) sums.add_product(a[k], b.values[k * b.columns + column]);
  return F32::add(sums.sum[1], sums.sum[0]);
}

}  // namespace

void execute_mm(const TiuJob& job) {
  const TiuCommand& c = job.command;
  if (c.tsk_eu_typ < 1 || c.tsk_eu_typ > 3)
    throw Error(ErrorKind::unsupported, "operation " + std::to_string(c.tsk_eu_typ));
  if (c.opd0_prec != f32 || c.res0_prec != f32 || c.tsk_eu_typ != 1) {
    throw Error(ErrorKind::unsupported, std::string("operands of ") + prec_name(c.opd0_prec));
  }
  if (c.opd0_c == 0 || c.opd1_w == 0 || c.opd1_w > c.opd0_w) throw Error(ErrorKind::fault, "opd1_w: no rest of a row");
  const std::uint32_t stored_columns = (c.opd0_c - 1) * c.opd0_w + c.opd1_w;
  const std::uint32_t rows = c.left_tran ? stored_columns : c.opd0_n, inner = c.left_tran ? c.opd0_n : stored_columns;
  const std::uint32_t columns = c.res0_c * c.res0_w;
  const Shape shape{rows, c.res0_c, 1, c.res0_w};
  const TensorView result = aligned_view(c.res0_addr, c.res0_prec, shape);
  check_view(result, "res0");
  if (shape.count() * inner > work_limit) throw Error(ErrorKind::fault, "more work than any network");
  Matrix a{rows, inner, std::vector<std::uint32_t>(c.opd0_const ? std::size_t{rows} * inner : 0, c.opd0_addr)};
  if (!c.opd0_const) {
    a = read_matrix(job, c.opd0_addr, c.opd0_prec, {c.opd0_n, c.opd0_c, 1, c.opd0_w}, stored_columns, "opd0");
    if (c.left_tran) a = transposed(a);
  }
  const Matrix b = read_matrix(job, c.opd1_addr, c.opd0_prec, {inner, c.res0_c, 1, c.res0_w}, columns, "opd1");
  const auto bias =
      read_operand(job, c.opd2_const, c.opd2_addr, aligned_view(c.opd2_addr, f32, {1, c.res0_c, 1, c.res0_w}), "opd2");
  std::vector<std::uint32_t> values(shape.count(), 0);
  if (c.res_add) values = read(job.memory, result, "res0");
  for (std::size_t row = 0; row < rows; ++row) {
    for (std::size_t column = 0; column < columns; ++column) {
      std::uint32_t& value = values[row * columns + column];
      value = dot_f32(a.values.data() + row * inner, b, column, bias[column], value, c.res_add);
    }
  }
  write(job.memory, result, values, job.lanes);
}

}  // namespace vnpu::bm1684x
