// MM of f32 and MM2: rows of the left matrix are the weights, columns of the right one the cells.
#include <algorithm>
#include <cstring>

#include "sim/bm1684x/cast_law.h"
#include "sim/bm1684x/kernels/kernels.h"
#include "sim/bm1684x/kernels/product.h"
#include "sim/bm1684x/matrix_product.h"

namespace vnpu::bm1684x::kernels {
namespace {

void cut_depth(Product& product, std::size_t depth, std::size_t most) {
  for (; depth > 0; depth -= product.depths.back()) product.depths.push_back(std::min(depth, most));
}

// Left matrix as f32 words, chunk after chunk.
void load_weights(const Product& product, const MatrixProduct& m, Precision type, std::int32_t* to) {
  std::size_t first = 0;
  for (const std::size_t depth : product.depths) {
    for (std::size_t row = 0; row < m.rows; ++row) {
      for (std::size_t k = 0; k < depth; ++k)
        *to++ = static_cast<std::int32_t>(widen(type, m.left[row * m.inner + first + k]));
    }
    first += depth;
  }
}

bool run_floats(const TiuJob& job, const GemmOps& ops, const MatrixProduct& m, ProductKind kind) {
  const TiuCommand& c = job.command;
  const bool cube = kind == ProductKind::cube, adds = !m.old.empty();
  Workspace& workspace = job.memory.workspace();
  workspace.reset();
  Product product{ops, kind, m.rows, {}, nullptr};
  cut_depth(product, m.inner, cube ? 32 : most_depth);
  auto* weights = workspace.take<std::int32_t>(std::size_t{m.rows} * m.inner);
  load_weights(product, m, c.opd0_prec, weights);
  product.weights = weights;
  std::vector<std::uint32_t> right = m.right;
  for (std::uint32_t& value : right) value = widen(c.opd0_prec, value);
  std::vector<std::uint32_t> values(std::size_t{m.rows} * m.columns);
  bool has_nan = false;
  std::size_t block_first = 0;
  const bool done = for_blocks(
      product, ProductRoom(product, workspace), m.columns, [&](std::size_t first, std::size_t) { block_first = first; },
      [&](std::size_t first, std::size_t count, std::int32_t* sums, std::int32_t* second) {
        for (std::size_t row = 0; row < m.rows; ++row) {
          for (std::size_t i = 0; i < block; ++i) {
            const bool there = i < count;
            const std::uint32_t raw = there && adds ? m.old[row * m.columns + first + i] : 0;
            const auto old = static_cast<std::int32_t>(cube ? widen(c.res0_prec, raw) : raw);
            if (cube) {
              sums[row * block + i] = old;
              continue;
            }
            const auto bias = there ? static_cast<std::int32_t>(m.bias[first + i]) : 0;
            sums[row * block + i] = adds ? bias : old;
            second[row * block + i] = adds ? old : bias;
          }
        }
      },
      [&](std::size_t entry, std::size_t depth, std::size_t count, std::int32_t* cells) {
        for (std::size_t k = 0; k < depth; ++k, cells += block) {
          std::memcpy(cells, right.data() + (entry + k) * m.columns + block_first, 4 * count);
          std::fill(cells + count, cells + block, 0);
        }
      },
      [&](std::size_t first, std::size_t count, const std::int32_t* sums, const std::int32_t* second) {
        for (std::size_t row = 0; row < m.rows; ++row) {
          for (std::size_t i = 0; i < count; ++i) {
            float sum = std::bit_cast<float>(sums[row * block + i]);
            if (!cube) sum += std::bit_cast<float>(second[row * block + i]);
            has_nan |= is_nan(sum);
            values[row * m.columns + first + i] = narrow(c.res0_prec, as_bits(sum));
          }
        }
      });
  if (!done || has_nan) return false;  // which NaN it is only the law knows
  write_product(job, m, values);
  return true;
}

// Bytes: the left matrix signed, the right one unsigned, each shifted by 128 where it is not.
bool run_bytes(const TiuJob& job, const GemmOps& ops, const MatrixProduct& m) {
  const TiuCommand& c = job.command;
  Workspace& workspace = job.memory.workspace();
  workspace.reset();
  const std::size_t quads = (m.inner + 3) / 4;
  const bool needs_ones = !c.opd0_sign;  // a row that sums the right matrix
  Product product{ops, ProductKind::bytes, m.rows + (needs_ones ? 1u : 0u), {}, nullptr};
  cut_depth(product, quads, most_depth);
  auto* weights = workspace.take<std::int32_t>(product.rows * quads * ops.byte_weight_words);
  product.weights = weights;
  std::vector<std::int32_t> weight_sums(product.rows, 0);
  const std::uint8_t left_flip = c.opd0_sign ? 0 : 0x80, right_flip = c.opd1_sign ? 0x80 : 0;
  std::size_t first_quad = 0;
  for (const std::size_t depth : product.depths) {
    for (std::size_t row = 0; row < product.rows; ++row) {
      for (std::size_t q = first_quad; q < first_quad + depth; ++q, weights += ops.byte_weight_words) {
        std::int8_t four[4] = {};
        for (std::size_t i = 0; i < 4 && 4 * q + i < m.inner; ++i) {
          four[i] =
              row == m.rows ? std::int8_t{1} : static_cast<std::int8_t>(m.left[row * m.inner + 4 * q + i] ^ left_flip);
          weight_sums[row] += four[i];
        }
        store_byte_weights(weights, four, ops.byte_weight_words);
      }
    }
    first_quad += depth;
  }
  std::vector<std::uint32_t> values(std::size_t{m.rows} * m.columns);
  std::size_t block_first = 0;
  for_blocks(
      product, ProductRoom(product, workspace), m.columns, [&](std::size_t first, std::size_t) { block_first = first; },
      [&](std::size_t, std::size_t, std::int32_t* sums, std::int32_t*) { std::fill_n(sums, product.rows * block, 0); },
      [&](std::size_t entry, std::size_t depth, std::size_t count, std::int32_t* cells) {
        for (std::size_t q = entry; q < entry + depth; ++q, cells += block) {
          std::fill(cells + count, cells + block, 0);
          for (std::size_t i = 0; i < count; ++i) {
            std::uint32_t cell = 0;
            for (std::size_t k = 4 * q; k < 4 * q + 4 && k < m.inner; ++k) {
              const std::uint32_t byte = (m.right[k * m.columns + block_first + i] & 0xFF) ^ right_flip;
              cell |= byte << (8 * (k % 4));
            }
            cells[i] = static_cast<std::int32_t>(cell);
          }
        }
      },
      [&](std::size_t first, std::size_t count, const std::int32_t* sums, const std::int32_t*) {
        const std::uint32_t left_shift = left_flip, right_shift = right_flip;
        for (std::size_t row = 0; row < m.rows; ++row) {
          for (std::size_t i = 0; i < count; ++i) {
            const std::size_t index = row * m.columns + first + i;
            const auto zero = static_cast<std::uint32_t>(extend(m.zero[index], 8, c.opd1_sign));
            auto sum = static_cast<std::uint32_t>(sums[row * block + i]);
            if (needs_ones) sum += left_shift * static_cast<std::uint32_t>(sums[m.rows * block + i]);
            sum -= (right_shift + zero) * (static_cast<std::uint32_t>(weight_sums[row]) + left_shift * m.inner);
            values[index] = sum + (m.old.empty() ? 0 : m.old[index]);
          }
        }
      });
  write_product(job, m, values);
  return true;
}

}  // namespace

bool multiply_mm(const TiuJob& job, const GemmOps& ops) {
  if (job.command.opd0_prec != f32) return false;
  return run_floats(job, ops, read_mm(job), ProductKind::floats);
}

bool multiply_mm2(const TiuJob& job, const GemmOps& ops) {
  const MatrixProduct m = read_mm2(job);
  return job.command.opd0_prec == i8 ? run_bytes(job, ops, m) : run_floats(job, ops, m, ProductKind::cube);
}

}  // namespace vnpu::bm1684x::kernels
