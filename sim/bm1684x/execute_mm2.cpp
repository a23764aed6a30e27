// MM2: matrix multiply with one row a lane, of int8, f16 and bf16.
#include <algorithm>

#include "sim/bm1684x/cast_law.h"
#include "sim/bm1684x/cube.h"
#include "sim/bm1684x/matrix_product.h"

namespace vnpu::bm1684x {
namespace {

std::uint32_t dot_integer(const TiuCommand& c, const MatrixProduct& m, std::size_t row, std::size_t column) {
  const std::size_t index = row * m.columns + column;
  std::int64_t sum = m.old.empty() ? 0 : static_cast<std::int32_t>(m.old[index]);
  const std::int64_t zero = extend(m.zero[index], 8, c.opd1_sign);
  for (std::size_t k = 0; k < m.inner; ++k) {
    sum += extend(m.left[row * m.inner + k], 8, c.opd0_sign) *
           (extend(m.right[k * m.columns + column], 8, c.opd1_sign) - zero);
  }
  return static_cast<std::uint32_t>(sum);
}

template <class Format>
std::uint32_t dot_half(const TiuCommand& c, const MatrixProduct& m, std::size_t row, std::size_t column) {
  using Bits = typename Format::Bits;
  float sum = m.old.empty() ? 0.0f : as_float(widen(c.res0_prec, m.old[row * m.columns + column]));
  float products[32];
  for (std::size_t first = 0; first < m.inner; first += 32) {
    const std::size_t count = std::min<std::size_t>(32, m.inner - first);
    for (std::size_t i = 0; i < count; ++i) {
      products[i] = Format::load(static_cast<Bits>(m.left[row * m.inner + first + i])) *
                    Format::load(static_cast<Bits>(m.right[(first + i) * m.columns + column]));
    }
    sum = add(cube_sum({products, count}), sum);
  }
  return narrow(c.res0_prec, as_bits(sum));
}

}  // namespace

void execute_mm2(const TiuJob& job) {
  const TiuCommand& c = job.command;
  const MatrixProduct m = read_mm2(job);
  const auto dot = c.opd0_prec == i8 ? dot_integer : c.opd0_prec == f16 ? dot_half<F16> : dot_half<BF16>;
  std::vector<std::uint32_t> values;
  values.reserve(std::size_t{m.rows} * m.columns);
  for (std::size_t row = 0; row < m.rows; ++row) {
    for (std::size_t column = 0; column < m.columns; ++column) values.push_back(dot(c, m, row, column));
  }
  write_product(job, m, values);
}

}  // namespace vnpu::bm1684x
