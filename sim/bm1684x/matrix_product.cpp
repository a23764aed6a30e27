#include "sim/bm1684x/matrix_product.h"

#include <string>

#include "base/error.h"

namespace vnpu::bm1684x {
namespace {

void check_types_mm(const TiuCommand& c) {
  const Precision from = c.opd0_prec, to = c.res0_prec;
  const unsigned operation = c.tsk_eu_typ;
  if (operation < 1 || operation > 3) throw Error(ErrorKind::unsupported, "operation " + std::to_string(operation));
  const bool integer = to == i8 || to == i16 || (operation == 1 && to == i32);
  const bool fits = from == f32 ? operation == 1 && to == f32
                                : integer && (from == i8 || (operation == 1 && (from == i16 || from == i32)));
  if (!fits)
    throw Error(ErrorKind::fault, std::string("operands of ") + prec_name(from) + ", result of " + prec_name(to));
  if (c.res_add && bytes_of(to) != 4) throw Error(ErrorKind::fault, std::string("res_add to ") + prec_name(to));
}

void check_types_mm2(const TiuCommand& c) {
  const Precision from = c.opd0_prec, to = c.res0_prec;
  if (c.tsk_eu_typ < 4 || c.tsk_eu_typ > 6) {
    throw Error(ErrorKind::unsupported, "operation " + std::to_string(c.tsk_eu_typ));
  }
  const bool fits = from == i8 ? to == i32 : (from == f16 || from == bf16) && (to == from || to == f32);
  if (!fits)
    throw Error(ErrorKind::fault, std::string("operands of ") + prec_name(from) + ", result of " + prec_name(to));
  if (c.res_add && bytes_of(to) != 4) throw Error(ErrorKind::fault, std::string("res_add to ") + prec_name(to));
}

void check_size(const MatrixProduct& m) {
  check_view(m.result, "res0");
  const std::uint64_t left = std::uint64_t{m.rows} * m.inner, right = std::uint64_t{m.inner} * m.columns;
  if (left > element_limit || right > element_limit) throw Error(ErrorKind::fault, "more than local memory holds");
  if (left * m.columns > work_limit) throw Error(ErrorKind::fault, "more work than any network");
}

// A matrix folded over channels, of which the last may not be full: only `columns` of every row.
std::vector<std::uint32_t> read_folded(const TiuJob& job, std::uint32_t address, const Shape& shape,
                                       std::uint32_t columns, const char* name) {
  const auto all = read(job.memory, aligned_view(address, job.command.opd0_prec, shape), name);
  const std::size_t stored = std::size_t{shape.c} * shape.w;
  if (stored == columns) return all;
  std::vector<std::uint32_t> values;
  values.reserve(std::size_t{shape.n} * columns);
  for (std::size_t row = 0; row < shape.n; ++row) {
    values.insert(values.end(), all.begin() + static_cast<std::ptrdiff_t>(row * stored),
                  all.begin() + static_cast<std::ptrdiff_t>(row * stored + columns));
  }
  return values;
}

std::vector<std::uint32_t> transposed(std::span<const std::uint32_t> m, std::size_t rows, std::size_t columns) {
  std::vector<std::uint32_t> t(m.size());
  for (std::size_t row = 0; row < rows; ++row) {
    for (std::size_t column = 0; column < columns; ++column) t[column * rows + row] = m[row * columns + column];
  }
  return t;
}

}  // namespace

MatrixProduct read_mm(const TiuJob& job) {
  const TiuCommand& c = job.command;
  check_types_mm(c);
  if (c.opd0_c == 0 || c.opd1_w == 0 || c.opd1_w > c.opd0_w) throw Error(ErrorKind::fault, "opd1_w: no rest of a row");
  const std::uint64_t stored = std::uint64_t{c.opd0_c - 1} * c.opd0_w + c.opd1_w;
  const std::uint64_t result_columns = std::uint64_t{c.res0_c} * c.res0_w;
  if (stored > element_limit || result_columns > element_limit) {
    throw Error(ErrorKind::fault, "more than local memory holds");
  }
  MatrixProduct m;
  const auto left_columns = static_cast<std::uint32_t>(stored);
  m.rows = c.left_tran ? left_columns : c.opd0_n;
  m.inner = c.left_tran ? c.opd0_n : left_columns;
  m.columns = static_cast<std::uint32_t>(result_columns);
  m.result = aligned_view(c.res0_addr, c.res0_prec, {m.rows, c.res0_c, 1, c.res0_w});
  check_size(m);
  if (c.opd0_const) {
    m.left.assign(std::size_t{m.rows} * m.inner, c.opd0_addr);
  } else {
    m.left = read_folded(job, c.opd0_addr, {c.opd0_n, c.opd0_c, 1, c.opd0_w}, left_columns, "opd0");
    if (c.left_tran) m.left = transposed(m.left, m.inner, m.rows);
  }
  m.right = read_folded(job, c.opd1_addr, {m.inner, c.res0_c, 1, c.res0_w}, m.columns, "opd1");
  if (c.opd0_prec == f32 || c.tsk_eu_typ != 1) {
    const TensorView list = aligned_view(c.opd2_addr, c.opd0_prec == f32 ? f32 : i16, {1, c.res0_c, 1, c.res0_w});
    m.bias = read_operand(job, c.opd2_const, c.opd2_addr, list, "opd2");
  }
  if (c.res_add) m.old = read(job.memory, m.result, "res0");
  return m;
}

MatrixProduct read_mm2(const TiuJob& job) {
  const TiuCommand& c = job.command;
  check_types_mm2(c);
  // Code 6: both operands and the result are stored transposed.
  const bool right_transposed = c.tsk_eu_typ != 4;
  MatrixProduct m;
  m.turned = c.tsk_eu_typ == 6;
  m.rows = m.turned ? c.res0_w : c.res0_c;
  m.columns = m.turned ? c.res0_c : c.res0_w;
  m.inner = right_transposed ? c.opd1_w : c.opd1_c;
  if ((right_transposed ? c.opd1_c : c.opd1_w) != m.columns) {
    throw Error(ErrorKind::fault, "opd1: not the result's columns");
  }
  const Shape shape{1, c.res0_c, 1, c.res0_w};
  m.result = aligned_view(c.res0_addr, c.res0_prec, shape);
  check_size(m);
  const Shape left_shape{1, m.turned ? m.inner : m.rows, 1, m.turned ? m.rows : m.inner};
  const TensorView left = aligned_view(c.opd0_addr, c.opd0_prec, left_shape);
  const TensorView right = aligned_view(c.opd1_addr, c.opd0_prec, {1, c.opd1_c, 1, c.opd1_w});
  m.left = read_operand(job, c.opd0_const, c.opd0_addr, left, "opd0");
  m.right = read_operand(job, c.opd1_const, c.opd1_addr, right, "opd1");
  if (m.turned) m.left = transposed(m.left, m.inner, m.rows);
  if (right_transposed) m.right = transposed(m.right, m.columns, m.inner);
  if (c.opd0_prec == i8) {
    // One number a column in a list that every lane holds (its own counts); of code 6 one a channel.
    TensorView list = m.turned ? channel_view(c.opd2_addr, i8, shape) : aligned_view(c.opd2_addr, i8, shape);
    if (!m.turned) list.strides.c = 0;
    m.zero = read_operand(job, c.opd2_const, c.opd2_addr, list, "opd2");
    if (m.turned) m.zero = transposed(m.zero, m.columns, m.rows);
  }
  if (c.res_add) {
    m.old = read(job.memory, m.result, "res0");
    if (m.turned) m.old = transposed(m.old, m.columns, m.rows);
  }
  return m;
}

void write_product(const TiuJob& job, const MatrixProduct& m, std::span<const std::uint32_t> values) {
  if (m.turned) return write(job.memory, m.result, transposed(values, m.rows, m.columns), job.lanes);
  write(job.memory, m.result, values, job.lanes);
}

}  // namespace vnpu::bm1684x
