// MM: matrix multiply with rows folded over lanes.
#include "sim/bm1684x/cube.h"
#include "sim/bm1684x/matrix_product.h"

namespace vnpu::bm1684x {
namespace {

using Row = const std::uint32_t*;

std::uint32_t dot_f32(const MatrixProduct& m, Row a, std::size_t column, std::uint32_t old) {
  const bool adds = !m.old.empty();
  TwoSums<F32> sums{{m.bias[column], old}, adds ? 0u : 1u};
  for (std::size_t k = 0; k < m.inner; ++k) sums.add_product(a[k], m.right[k * m.columns + column]);
  return F32::add(sums.sum[1], sums.sum[0]);
}

// Of an element type, by sign.
std::int64_t dot_integer(const TiuCommand& c, const MatrixProduct& m, Row a, std::size_t column) {
  const unsigned bits = bits_of(c.opd0_prec);
  std::uint64_t sum = 0;  // hostile sums wrap
  for (std::size_t k = 0; k < m.inner; ++k) {
    sum += static_cast<std::uint64_t>(extend(a[k], bits, c.opd0_sign)) *
           static_cast<std::uint64_t>(extend(m.right[k * m.columns + column], bits, c.opd1_sign));
  }
  return static_cast<std::int64_t>(sum);
}

// The requantising forms: a 16-bit bias, relu, saturation; nothing is shifted.
std::uint32_t with_bias(const TiuCommand& c, std::int64_t sum, std::uint32_t bias) {
  const bool relu = c.tsk_eu_typ == 3;
  sum = static_cast<std::int64_t>(static_cast<std::uint64_t>(sum) +
                                  static_cast<std::uint64_t>(extend(bias, 16, c.opd2_sign)));
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

}  // namespace

void execute_mm(const TiuJob& job) {
  const TiuCommand& c = job.command;
  const MatrixProduct m = read_mm(job);
  const bool is_plain = c.opd0_prec != f32 && c.tsk_eu_typ == 1;
  std::vector<std::uint32_t> values = m.old;
  values.resize(std::size_t{m.rows} * m.columns);
  if (is_plain) keep_first_bytes(values, c.opd0_prec);
  for (std::size_t row = 0; row < m.rows; ++row) {
    const Row left = m.left.data() + row * m.inner;
    for (std::size_t column = 0; column < m.columns; ++column) {
      std::uint32_t& value = values[row * m.columns + column];
      if (c.opd0_prec == f32) {
        value = dot_f32(m, left, column, value);
      } else if (is_plain) {
        value += static_cast<std::uint32_t>(dot_integer(c, m, left, column));
      } else {
        value = with_bias(c, dot_integer(c, m, left, column), m.bias[column]);
      }
    }
  }
  if (is_plain) values = first_bytes(values, bytes_of(c.res0_prec));
  write(job.memory, m.result, values, job.lanes);
}

}  // namespace vnpu::bm1684x
