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

// Of an element type, by sign.
std::int64_t dot_integer(const TiuCommand& c, const std::uint32_t* a, const Matrix& b, std::size_t column) {
  const unsigned bits = bits_of(c.opd0_prec);
  std::uint64_t sum = 0;  // hostile sums wrap
  for (std::size_t k = 0; k < b.rows; ++k) {
    sum += static_cast<std::uint64_t>(extend(a[k], bits, c.opd0_sign) *
                                      extend(b.values[k * b.columns + column], bits, c.opd1_sign));
  }
  return static_cast<std::int64_t>(sum);
}

// The requantising forms: a 16-bit bias, relu, saturation; nothing is shifted.
std::uint32_t with_bias(const TiuCommand& c, std::int64_t sum, std::uint32_t bias) {
  const bool relu = c.tsk_eu_typ == 3;
  sum += extend(bias, 16, c.opd2_sign);
  if (relu && sum < 0) sum = 0;
  const bool is_signed = !relu && (c.opd0_sign || c.opd1_sign || c.opd2_sign);
  return static_cast<std::uint32_t>(saturate(sum, bits_of(c.res0_prec), is_signed));
}

// A plain sum has 32 bits. The model copies the first bytes of its list of sums into a result of a smaller type.
std::vector<std::uint32_t> first_bytes(const std::vector<std::uint32_t>& sums, unsigned bytes) {
  if (bytes == 4) return sums;
  std::vector<std::uint32_t> values(sums.size());
  for (std::size_t i = 0; i < sums.size(); ++i) {
    const std::size_t at = i * bytes;
    values[i] = sums[at / 4] >> (8 * (at % 4));
  }
  return values;
}

// What a plain sum adds to: the model takes as many bytes of the old results as the left operand's type has, and none
// of 32-bit operands.
void keep_first_bytes(std::vector<std::uint32_t>& old, Precision from) {
  const std::size_t kept = from == i32 ? 0 : old.size() * bytes_of(from);
  for (std::size_t i = 0; i < old.size(); ++i) {
    if (4 * i >= kept) {
      old[i] = 0;
    } else if (kept - 4 * i < 4) {
      old[i] &= (1u << (8 * (kept - 4 * i))) - 1;
    }
  }
}

void check_types(const TiuCommand& c) {
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

}  // namespace

void execute_mm(const TiuJob& job) {
  const TiuCommand& c = job.command;
  check_types(c);
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
  const bool is_plain = c.opd0_prec != f32 && c.tsk_eu_typ == 1;
  std::vector<std::uint32_t> bias;
  if (!is_plain) {
    const Precision type = c.opd0_prec == f32 ? f32 : i16;
    const TensorView list = aligned_view(c.opd2_addr, type, {1, c.res0_c, 1, c.res0_w});
    bias = read_operand(job, c.opd2_const, c.opd2_addr, list, "opd2");
  }
  std::vector<std::uint32_t> values(shape.count(), 0);
  if (c.res_add) values = read(job.memory, result, "res0");
  if (is_plain) keep_first_bytes(values, c.opd0_prec);
  for (std::size_t row = 0; row < rows; ++row) {
    const std::uint32_t* left = a.values.data() + row * inner;
    for (std::size_t column = 0; column < columns; ++column) {
      std::uint32_t& value = values[row * columns + column];
      if (c.opd0_prec == f32) {
        value = dot_f32(left, b, column, bias[column], value, c.res_add);
      } else if (is_plain) {
        value += static_cast<std::uint32_t>(dot_integer(c, left, b, column));
      } else {
        value = with_bias(c, dot_integer(c, left, b, column), bias[column]);
      }
    }
  }
  if (is_plain) values = first_bytes(values, bytes_of(c.res0_prec));
  write(job.memory, result, values, job.lanes);
}

}  // namespace vnpu::bm1684x
