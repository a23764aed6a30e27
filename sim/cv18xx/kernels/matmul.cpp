// Matrix multiply: the rows of the right matrix are the input channels of a 1x1 convolution whose pixels are its
// columns; the rows of the left matrix are the weights.
#include <algorithm>
#include <cstring>
#include <vector>

#include "sim/cv18xx/kernels/job.h"

namespace vnpu::cv18xx::kernels {
namespace {

struct Layout {
  std::ptrdiff_t rows, inner, columns;  // R, K, C
  std::ptrdiff_t groups, pitch;         // of the right matrix as cells
  std::ptrdiff_t row;                   // of the results

  Layout(const TiuCommand& c, const MatmulOperands& o, int inner_of_cell)
      : rows(o.result.n),
        inner(c.opd1_n),
        columns(std::ptrdiff_t{o.result.c} * o.result.w),
        groups(round_up(inner, inner_of_cell) / inner_of_cell),
        pitch(round_up(columns, 16) % 1024 == 0 ? round_up(columns, 16) + 16 : round_up(columns, 16)),
        row(round_up(columns, row_unit)) {}

  bool fits() const {
    return static_cast<std::uint64_t>(groups) * pitch * 4 < buffer_limit &&
           static_cast<std::uint64_t>(rows) * row * 4 < buffer_limit;
  }
  ConvJob job(const std::int32_t* cells, const std::uint8_t* const* weights) const {
    static constexpr std::ptrdiff_t no_offset = 0;
    ConvJob job;
    job.cells = cells;
    job.tap = &no_offset;
    job.taps = 1;
    job.groups = groups;
    job.plane = pitch;
    job.pixels = columns;
    job.channels = rows;
    job.weights = weights;
    job.row = row;
    return job;
  }
};

// One row of results holds all channels: column j is position j % w of channel j / w.
template <class T>
void scatter_matrix(const KernelJob& k, const TensorView& view, const T* values, std::ptrdiff_t row,
                    unsigned plane = 0) {
  for (std::uint32_t r = 0; r < view.n; ++r) {
    for (std::uint32_t c = 0; c < view.c; ++c) {
      std::memcpy(k.at(view.at(r, c, 0, 0) + plane * view.plane_stride), values + r * row + std::ptrdiff_t{c} * view.w,
                  view.w * sizeof(T));
    }
  }
}
template <class T>
void gather_matrix(const KernelJob& k, const TensorView& view, T* values, std::ptrdiff_t row, unsigned plane = 0) {
  for (std::uint32_t r = 0; r < view.n; ++r) {
    for (std::uint32_t c = 0; c < view.c; ++c) {
      std::memcpy(values + r * row + std::ptrdiff_t{c} * view.w, k.at(view.at(r, c, 0, 0) + plane * view.plane_stride),
                  view.w * sizeof(T));
    }
  }
}

// int32 in four byte planes.
void gather_int32(const KernelJob& k, const TensorView& view, std::int32_t* values, std::ptrdiff_t row) {
  const std::size_t count = view.n * row;
  auto* bytes = k.workspace.take<std::uint8_t>(count);
  std::fill_n(values, count, 0);
  std::fill_n(bytes, count, 0);
  for (unsigned plane = 0; plane < 4; ++plane) {
    gather_matrix(k, view, bytes, row, plane);
    for (std::size_t i = 0; i < count; ++i) {
      values[i] =
          static_cast<std::int32_t>(static_cast<std::uint32_t>(values[i]) | std::uint32_t{bytes[i]} << 8 * plane);
    }
  }
}

bool matmul_int(const KernelJob& k) {
  const TiuCommand& c = k.command();
  const bool from_sums = c.ps32_md & 1, to_sums = c.ps32_md & 2;
  IntFinish finish;
  if (c.opt_res_add || c.opt_opd1_const) return false;
  if (!to_sums && (!int_finish(c, finish) || c.opt_res0_seg != 1)) return false;
  const MatmulOperands operands = checked_matmul(k.job);
  const bool bytes = k.ops.conv_bytes && c.opt_opd0_sign;
  const int width = bytes ? 4 : 2;
  const Layout layout(c, operands, width);
  if (!layout.fits()) return false;
  if (c.ps32_md) require_inside(operands.result, 4, k.job.operation);

  ChannelFinish same;
  if (!channel_finish(k, {0, c.quan_m, c.opt_res_shift}, same)) return false;
  std::vector<ChannelFinish> channels(layout.rows, same);

  // Left rows, padded with zeros to whole cells.
  const std::ptrdiff_t stored = std::ptrdiff_t{operands.left.c} * operands.left.w;
  const std::ptrdiff_t left_row = round_up(std::max(stored, layout.groups * width), 16);
  auto* left = k.workspace.take<std::uint8_t>(layout.rows * left_row);
  std::fill_n(left, layout.rows * left_row, 0);
  gather_matrix(k, operands.left, left, left_row);
  std::vector<const std::uint8_t*> weights(layout.rows);
  const std::uint8_t flip = bytes && c.opt_opd1_sign ? 0x80 : 0;
  for (std::ptrdiff_t r = 0; r < layout.rows; ++r) {
    std::uint8_t* row = left + r * left_row;
    std::fill(row + layout.inner, row + left_row, 0);
    weights[r] = row;
    if (flip) {
      const std::int32_t sum = k.ops.sum_bytes(row, layout.inner);
      channels[r].bias = static_cast<std::int32_t>(-128u * static_cast<std::uint32_t>(sum));
    }
    if (!bytes) {
      auto* wide = k.workspace.take<std::int16_t>(left_row);
      k.ops.widen_bytes(wide, row, left_row, c.opt_opd0_sign);
      weights[r] = reinterpret_cast<const std::uint8_t*>(wide);
    }
  }

  auto* cells = k.workspace.take<std::int32_t>(layout.groups * layout.pitch + row_unit);
  const TensorView& right = operands.right;
  for (std::ptrdiff_t g = 0; g < layout.groups; ++g) {
    for (std::uint32_t channel = 0; channel < right.c; ++channel) {
      const std::uint8_t* planes[4];
      for (int i = 0; i < width; ++i) {
        const std::ptrdiff_t row = g * width + i;
        planes[i] = row < layout.inner ? k.at(right.at(row, channel, 0, 0)) : planes[0];
      }
      std::int32_t* to = cells + g * layout.pitch + std::ptrdiff_t{channel} * right.w;
      if (bytes) {
        k.ops.pack_bytes(to, planes, right.w, flip);
      } else {
        k.ops.pack_words(to, planes, right.w, c.opt_opd1_sign);
      }
    }
  }

  // Partial sums and biases are what the sums start from: int32 addition wraps and knows no order.
  const std::size_t count = layout.rows * layout.row;
  std::int32_t* starts = nullptr;
  if (from_sums) {
    starts = k.workspace.take<std::int32_t>(count);
    gather_int32(k, operands.result, starts, layout.row);
  }
  if (!to_sums && c.tsk_opd_num == 3) {
    const auto bias = k.job.load_int(k.job.opd2(), c.opt_chl_quan ? 4 : 2, c.opt_chl_quan || c.opt_opd2_sign);
    if (!starts) {
      starts = k.workspace.take<std::int32_t>(count);
      std::fill_n(starts, count, 0);
    }
    for (std::ptrdiff_t r = 0; r < layout.rows; ++r) {
      for (std::ptrdiff_t j = 0; j < layout.columns; ++j) {
        starts[r * layout.row + j] = wrap_add(starts[r * layout.row + j], bias[j]);
      }
    }
  }

  ConvJob job = layout.job(cells, weights.data());
  job.start = starts;
  job.finish = channels.data();
  job.integer = finish;
  if (!to_sums) {
    auto* results = k.workspace.take<std::uint8_t>(count);
    job.kind = finish.kind;
    job.result = results;
    (bytes ? k.ops.conv_bytes : k.ops.conv_words)(job);
    scatter_matrix(k, operands.result, results, layout.row);
    return true;
  }
  auto* sums = k.workspace.take<std::int32_t>(count);
  job.kind = Finish::raw;
  job.result = sums;
  (bytes ? k.ops.conv_bytes : k.ops.conv_words)(job);
  auto* plane_bytes = k.workspace.take<std::uint8_t>(count);
  for (unsigned plane = 0; plane < 4; ++plane) {
    for (std::ptrdiff_t r = 0; r < layout.rows; ++r) {
      for (std::ptrdiff_t j = r * layout.row; j < r * layout.row + layout.columns; ++j) {
        plane_bytes[j] = static_cast<std::uint8_t>(wrap_add(sums[j], channels[r].bias) >> 8 * plane);
      }
    }
    scatter_matrix(k, operands.result, plane_bytes, layout.row, plane);
  }
  return true;
}

bool matmul_float(const KernelJob& k) {
  const TiuCommand& c = k.command();
  const bool from_sums = c.ps32_md & 1, to_sums = c.ps32_md & 2;
  if (c.opt_opd1_const || !k.job.quirks.bf16_overflow_positive) return false;
  const MatmulOperands operands = checked_matmul(k.job);
  const Layout layout(c, operands, 1);
  if (!layout.fits()) return false;
  if (c.ps32_md) require_inside(operands.result, 2, k.job.operation);
  const TensorView &left = operands.left, &right = operands.right;

  // The law's order of the inner index: position outer, channel inner.
  std::vector<std::ptrdiff_t> order;
  order.reserve(layout.inner);
  for (std::ptrdiff_t wi = 0; wi < left.w; ++wi) {
    for (std::ptrdiff_t at = wi; at < layout.inner; at += left.w) order.push_back(at);
  }

  ExponentRange left_range, right_range;
  const std::ptrdiff_t stored = std::ptrdiff_t{left.c} * left.w;
  auto* natural = k.workspace.take<std::uint16_t>(layout.rows * stored);
  auto* ordered = k.workspace.take<std::uint16_t>(layout.inner);
  auto* wide = k.workspace.take<float>(layout.rows * layout.inner);
  gather_matrix(k, left, natural, stored);
  std::vector<const std::uint8_t*> weights(layout.rows);
  for (std::ptrdiff_t r = 0; r < layout.rows; ++r, natural += stored, wide += layout.inner) {
    for (std::ptrdiff_t i = 0; i < layout.inner; ++i) ordered[i] = natural[order[i]];
    k.ops.widen_bf16(wide, ordered, layout.inner, left_range);
    weights[r] = reinterpret_cast<const std::uint8_t*>(wide);
  }

  auto* cells = k.workspace.take<float>(layout.groups * layout.pitch + row_unit);
  auto* halves = k.workspace.take<std::uint16_t>(layout.columns);
  for (std::ptrdiff_t i = 0; i < layout.inner; ++i) {
    for (std::uint32_t channel = 0; channel < right.c; ++channel) {
      std::memcpy(halves + std::ptrdiff_t{channel} * right.w, k.at(right.at(order[i], channel, 0, 0)),
                  right.w * sizeof(*halves));
    }
    k.ops.widen_bf16(cells + i * layout.pitch, halves, layout.columns, right_range);
  }

  const std::size_t count = layout.rows * layout.row;
  std::uint32_t* starts = nullptr;
  std::uint32_t start_high = 0;
  if (from_sums) {
    auto* upper = k.workspace.take<std::uint16_t>(count);
    auto* lower = k.workspace.take<std::uint16_t>(count);
    starts = k.workspace.take<std::uint32_t>(count);
    std::fill_n(upper, count, 0);
    std::fill_n(lower, count, 0);
    gather_matrix(k, operands.result, upper, layout.row, 0);
    gather_matrix(k, operands.result, lower, layout.row, 1);
    for (std::size_t i = 0; i < count; ++i) {
      starts[i] = std::uint32_t{upper[i]} << 16 | lower[i];
      start_high = std::max(start_high, starts[i] >> 23 & 0xFF);
    }
  }
  if (!sums_stay_finite(left_range, right_range, layout.inner, start_high)) return false;

  auto* sums = k.workspace.take<float>(count);
  ConvJob job = layout.job(reinterpret_cast<const std::int32_t*>(cells), weights.data());
  job.start = reinterpret_cast<const std::int32_t*>(starts);
  job.kind = Finish::raw;
  job.result = sums;
  auto* results = k.workspace.take<std::uint16_t>(count);
  {
    std::vector<float> bias;
    if (!to_sums && c.tsk_opd_num == 3) {
      for (const std::uint32_t bits : k.job.load_words(k.job.opd2())) bias.push_back(load_fp32(bits));
    }
    const FloatScope scope;
    (products_stay_normal(left_range, right_range) ? k.ops.conv_fma : k.ops.conv_float)(job);
    if (!to_sums) {
      for (std::ptrdiff_t r = 0; r < layout.rows; ++r) {
        k.ops.finish_floats(results + r * layout.row, sums + r * layout.row, bias.empty() ? nullptr : bias.data(),
                            layout.columns, c.opt_relu_typ == 1);
      }
    }
  }
  if (!to_sums) {
    scatter_matrix(k, operands.result, results, layout.row);
    return true;
  }
  for (unsigned plane = 0; plane < 2; ++plane) {
    for (std::size_t i = 0; i < count; ++i) {
      std::uint32_t bits;
      std::memcpy(&bits, sums + i, sizeof(bits));
      if ((bits >> 23 & 0xFF) == 0) bits = 0;
      results[i] = static_cast<std::uint16_t>(plane == 0 ? bits >> 16 : bits);
    }
    scatter_matrix(k, operands.result, results, layout.row, plane);
  }
  return true;
}

}  // namespace

bool matmul(const KernelJob& k) { return k.command().opd_typ == 0 ? matmul_int(k) : matmul_float(k); }

}  // namespace vnpu::cv18xx::kernels
