#include "sim/k210/kernels/layer_kernel.h"

#include <algorithm>
#include <cstring>

#include "base/error.h"
#include "sim/k210/law.h"

namespace vnpu::k210 {
namespace {

std::size_t rounded_up(std::size_t value, std::size_t unit) { return (value + unit - 1) / unit * unit; }

}  // namespace

LayerKernel::LayerKernel(const Layer& layer, const KpuParameters& parameters, Arithmetic arithmetic, SimdLevel level)
    : layer_(layer),
      parameters_(parameters),
      arithmetic_(arithmetic),
      ops_(level == SimdLevel::avx512 ? kernels::ops_avx512() : kernels::ops_avx2()),
      input_(input_shape(layer)),
      output_(output_shape(layer, arithmetic)),
      plan_(kernels::plan_finish(layer, parameters, arithmetic)),
      activation_(decode_activation(parameters.activation.first<activation_bytes>())) {
  for (std::uint32_t o = 0; o < output_.channels; ++o) {
    bn_.push_back(decode_bn(parameters.bn.subspan(bn_bytes * o).first<bn_bytes>()));
  }
  layer.depthwise() ? pack_depthwise() : pack();
}

std::uint32_t LayerKernel::weight_of(std::uint64_t index) const {
  return parameters_.wide_weights ? parameters_.weights[2 * index] | parameters_.weights[2 * index + 1] << 8
                                  : parameters_.weights[index];
}

void LayerKernel::pack() {
  const std::size_t k = layer_.kernel(), cells = k * k, quads = (input_.channels + 3) / 4;
  const std::size_t blocks = rounded_up(output_.channels, ops_.out_block) / ops_.out_block;
  for (int byte = 0; byte < (parameters_.wide_weights ? 2 : 1); ++byte) {
    packed_[byte].assign(blocks * quads * cells * ops_.out_block * ops_.quad_words, 0);
    std::int32_t* to = packed_[byte].data();
    for (std::size_t o = 0; o < blocks * ops_.out_block; o += ops_.out_block) {
      for (std::size_t tap = 0; tap < quads * cells; ++tap) {
        for (std::size_t each = o; each < o + ops_.out_block; ++each, to += ops_.quad_words) {
          std::int32_t four[4] = {};
          for (std::size_t i = 0; i < 4; ++i) {
            const std::size_t channel = tap / cells * 4 + i;
            if (each >= output_.channels || channel >= input_.channels) continue;
            const std::uint32_t w = weight_of((each * input_.channels + channel) * cells + tap % cells);
            four[i] = static_cast<std::int32_t>(w >> (8 * byte) & 0xFF) - ops_.weight_offset;
          }
          ops_.pack_quad(four, to);
        }
      }
    }
  }
}

void LayerKernel::pack_depthwise() {
  const std::size_t k = layer_.kernel();
  const std::int32_t one = 1, columns[4] = {one, k == 3 ? one : 0, k == 3 ? one : 0, 0};
  ones_.resize(ops_.quad_words);
  ops_.pack_quad(columns, ones_.data());
  for (int byte = 0; byte < (parameters_.wide_weights ? 2 : 1); ++byte) {
    packed_[byte].resize(output_.channels * k * ops_.quad_words);
    for (std::size_t row = 0; row < output_.channels * k; ++row) {
      std::int32_t four[4] = {};
      for (std::size_t x = 0; x < k; ++x) {
        four[x] = static_cast<std::int32_t>(weight_of(row * k + x) >> (8 * byte) & 0xFF) - ops_.weight_offset;
      }
      ops_.pack_quad(four, packed_[byte].data() + row * ops_.quad_words);
    }
  }
}

// Pooling that takes the left-top element only needs no others; depthwise layers are cheap enough to compute them.
LayerKernel::Grid LayerKernel::grid() const {
  Grid g;
  const std::size_t ring = layer_.kernel() / 2 * 2;
  const bool corner = layer_.pool_type == pool_left_top2 || layer_.pool_type == pool_left_top4;
  if (corner && !layer_.depthwise()) g.step = pool_shape(layer_.pool_type)->stride;
  g.pitch = (input_.width + ring + g.step - 1) / g.step;
  g.rows = g.step == 1 ? input_.height : output_.height;
  g.columns = g.step == 1 ? input_.width : output_.width;
  g.count = (g.rows - 1) * g.pitch + g.columns;
  return g;
}

void LayerKernel::finish(std::uint32_t channel, const std::int32_t* low, const std::int32_t* high,
                         const std::int32_t* terms, const std::int32_t* sum_x, std::size_t first, const Grid& grid,
                         std::size_t count, std::int32_t* scratch, std::uint8_t* out) const {
  if (plan_.narrow[channel]) {
    if (high) {
      for (std::size_t i = 0; i < count; ++i) {
        scratch[i] =
            static_cast<std::int32_t>(static_cast<std::uint32_t>(low[i]) + (static_cast<std::uint32_t>(high[i]) << 8));
      }
      low = scratch;
    }
    ops_.finish(low, terms, plan_.channels[channel], plan_.activation, out, count);
    return;
  }
  for (std::size_t i = 0; i < count; ++i) {
    if ((first + i) % grid.pitch >= grid.columns || first + i >= grid.count) continue;
    const std::int64_t lowered = std::int64_t{ops_.weight_offset} * sum_x[i];
    const std::int64_t sum_xw = low[i] + lowered + (high ? (high[i] + lowered) * 256 : 0);
    const std::int64_t a = zero_point_terms(layer_, sum_xw, sum_x[i], plan_.sums_of_w[channel]);
    const auto result = activate(activation_, arithmetic_, batch_norm(bn_[channel], a));
    if (!result) {
      throw Error(ErrorKind::fault, "output channel " + std::to_string(channel) + ": " +
                                        std::to_string(batch_norm(bn_[channel], a)) +
                                        " is below every segment of the activation table");
    }
    out[i] = *result;
  }
}

// Pools a channel's flat results and writes its rows.
void LayerKernel::write_channel(std::uint32_t channel, const Grid& grid, const std::uint8_t* flat, std::uint8_t* to,
                                std::uint8_t* scratch) const {
  std::uint8_t* row = to + output_.channel_offset(channel);
  const std::size_t step = output_.row_bytes();
  if (layer_.pool_type == pool_none || grid.step != 1) {
    for (std::size_t y = 0; y < grid.rows; ++y, row += step) {
      std::memcpy(row, flat + y * grid.pitch, output_.width);
    }
    return;
  }
  if (layer_.pool_type == pool_max2 && output_.height * 2 <= input_.height && output_.width * 2 <= input_.width) {
    for (std::size_t y = 0; y < output_.height; ++y, row += step) {
      const std::uint8_t* upper = flat + 2 * y * grid.pitch;
      ops_.max2(upper, upper + grid.pitch, row, output_.width);
    }
    return;
  }
  std::uint8_t* plane = scratch;
  std::uint8_t* pooled = scratch + std::size_t{input_.height} * input_.width;
  for (std::size_t y = 0; y < grid.rows; ++y) {
    std::memcpy(plane + y * input_.width, flat + y * grid.pitch, input_.width);
  }
  pool_plane(layer_.pool_type, arithmetic_, plane, input_.height, input_.width, pooled, output_.height, output_.width);
  for (std::size_t y = 0; y < output_.height; ++y, row += step) {
    std::memcpy(row, pooled + y * output_.width, output_.width);
  }
}

void LayerKernel::convolve(const std::uint8_t* from, std::uint8_t* to, Workspace& workspace) const {
  const Grid g = grid();
  const std::size_t k = layer_.kernel(), edge = k / 2, quads = (input_.channels + 3) / 4;
  const std::size_t block = ops_.pixel_block, padded = rounded_up(g.count, block);

  // The input as quads: for every four channels step x step planes of the padded map, each with every step-th row and
  // column.
  const std::size_t padded_width = g.pitch * g.step;
  const std::size_t plane_rows = (input_.height + 2 * edge + g.step - 1) / g.step;
  const std::size_t plane = plane_rows * g.pitch;
  auto* x = workspace.take<std::uint32_t>(quads * g.step * g.step * plane);
  auto* line = workspace.take<std::uint32_t>(padded_width);
  auto* zeros = workspace.take<std::uint8_t>(input_.width);
  std::memset(zeros, 0, input_.width);
  const std::size_t row_bytes = input_.row_bytes();
  for (std::size_t q = 0; q < quads; ++q) {
    std::uint32_t ring = 0;
    const std::uint8_t* maps[4] = {};  // of the four channels; null behind the last
    for (std::uint32_t i = 0; i < 4 && q * 4 + i < input_.channels; ++i) {
      ring |= static_cast<std::uint32_t>(layer_.pad_value) << (8 * i);
      maps[i] = from + input_.channel_offset(static_cast<std::uint32_t>(q) * 4 + i);
    }
    for (std::size_t row = 0; row < plane_rows * g.step; ++row) {
      std::uint32_t* target = g.step == 1 ? x + q * plane + row * g.pitch : line;
      const bool inside = row >= edge && row < input_.height + edge;
      if (inside) {
        const std::uint8_t* rows[4];
        for (std::size_t i = 0; i < 4; ++i) rows[i] = maps[i] ? maps[i] + (row - edge) * row_bytes : zeros;
        std::fill_n(target, edge, ring);
        ops_.interleave(rows, target + edge, input_.width);
        std::fill(target + edge + input_.width, target + padded_width, ring);
      } else {
        std::fill_n(target, padded_width, ring);
      }
      if (g.step == 1) continue;
      for (std::size_t phase = 0; phase < g.step; ++phase) {
        std::uint32_t* out = x + ((q * g.step + row % g.step) * g.step + phase) * plane + row / g.step * g.pitch;
        for (std::size_t i = 0; i < g.pitch; ++i) out[i] = line[i * g.step + phase];
      }
    }
  }
  std::vector<std::size_t> taps;
  for (std::size_t q = 0; q < quads; ++q) {
    for (std::size_t ky = 0; ky < k; ++ky) {
      for (std::size_t kx = 0; kx < k; ++kx) {
        taps.push_back(((q * g.step + ky % g.step) * g.step + kx % g.step) * plane + ky / g.step * g.pitch +
                       kx / g.step);
      }
    }
  }

  // The input is copied; from here on the output may be written over it. Pixels go in pieces whose sums stay in the
  // nearest cache.
  constexpr std::size_t piece = 256;
  auto* sums = workspace.take<std::int32_t>(2 * ops_.out_block * piece);
  auto* sum_x = workspace.take<std::int32_t>(3 * piece);
  std::int32_t* terms = sum_x + piece;
  std::int32_t* scratch = terms + piece;
  auto* flat = workspace.take<std::uint8_t>(output_.channels * padded);
  const std::size_t weights_of_block = taps.size() * ops_.out_block * ops_.quad_words;
  const bool wide = parameters_.wide_weights;
  const std::int32_t offset = ops_.weight_offset * (wide ? 257 : 1);
  for (std::size_t first = 0; first < padded; first += piece) {
    const std::size_t count = std::min(piece, padded - first);
    for (std::size_t i = 0; i < count; i += block) {
      ops_.sum_block(x + first + i, taps.data(), taps.size(), sum_x + i);
    }
    ops_.x_terms(sum_x, static_cast<std::int32_t>(layer_.arg_x), static_cast<std::int32_t>(layer_.shr_x), offset, terms,
                 count);
    for (std::size_t o = 0; o < output_.channels; o += ops_.out_block) {
      std::int32_t* high = wide ? sums + ops_.out_block * piece : nullptr;
      const std::size_t at = o / ops_.out_block * weights_of_block;
      for (std::size_t i = 0; i < count; i += block) {
        const std::uint32_t* from_here = x + first + i;
        ops_.dot_block(from_here, taps.data(), taps.size(), packed_[0].data() + at, sums + i, piece);
        if (wide) ops_.dot_block(from_here, taps.data(), taps.size(), packed_[1].data() + at, high + i, piece);
      }
      for (std::size_t i = 0; i < ops_.out_block && o + i < output_.channels; ++i) {
        finish(static_cast<std::uint32_t>(o + i), sums + i * piece, wide ? high + i * piece : nullptr, terms, sum_x,
               first, g, count, scratch, flat + (o + i) * padded + first);
      }
    }
  }
  auto* planes = workspace.take<std::uint8_t>(input_.count() / input_.channels + output_.count() / output_.channels);
  for (std::uint32_t o = 0; o < output_.channels; ++o) write_channel(o, g, flat + o * padded, to, planes);
}

void LayerKernel::depthwise(const std::uint8_t* from, std::uint8_t* to, bool overlap, Workspace& workspace) const {
  const Grid g = grid();
  const std::size_t k = layer_.kernel(), edge = k / 2, padded = rounded_up(g.count, ops_.pixel_block);
  if (overlap) {  // channel by channel would read what it has written
    const std::size_t bytes = input_.lines() * line_bytes;
    auto* copy = workspace.take<std::uint8_t>(bytes);
    std::memcpy(copy, from, bytes);
    from = copy;
  }
  auto* x = workspace.take<std::uint8_t>(g.pitch * (input_.height + 2 * edge) + padded - g.count);
  constexpr std::size_t piece = 1024;
  auto* sums = workspace.take<std::int32_t>(5 * piece);
  std::int32_t *high = sums + piece, *sum_x = high + piece, *terms = sum_x + piece, *scratch = terms + piece;
  auto* flat = workspace.take<std::uint8_t>(padded);
  auto* planes = workspace.take<std::uint8_t>(input_.count() / input_.channels + output_.count() / output_.channels);
  const bool wide = parameters_.wide_weights;
  const std::int32_t offset = ops_.weight_offset * (wide ? 257 : 1);
  const auto pad = static_cast<std::uint8_t>(layer_.pad_value);
  if (edge != 0) std::memset(x, pad, g.pitch * (input_.height + 2 * edge));
  for (std::uint32_t c = 0; c < output_.channels; ++c) {
    const std::uint8_t* row = from + input_.channel_offset(c);
    const std::size_t step = input_.row_bytes();
    for (std::size_t y = 0; y < input_.height; ++y, row += step) {
      std::memcpy(x + (y + edge) * g.pitch + edge, row, input_.width);
    }
    const std::size_t at = c * k * ops_.quad_words;
    for (std::size_t first = 0; first < padded; first += piece) {
      const std::size_t count = std::min(piece, padded - first);
      ops_.depthwise(x + first, g.pitch, k, packed_[0].data() + at, ones_.data(), sums, sum_x, count);
      if (wide) ops_.depthwise(x + first, g.pitch, k, packed_[1].data() + at, ones_.data(), high, sum_x, count);
      ops_.x_terms(sum_x, static_cast<std::int32_t>(layer_.arg_x), static_cast<std::int32_t>(layer_.shr_x), offset,
                   terms, count);
      finish(c, sums, wide ? high : nullptr, terms, sum_x, first, g, count, scratch, flat + first);
    }
    write_channel(c, g, flat, to, planes);
  }
}

void LayerKernel::run(const std::uint8_t* from, std::uint8_t* to, bool overlap, Workspace& workspace) const {
  struct GiveBack {
    Workspace& workspace;
    ~GiveBack() { workspace.reset(); }
  } const at_end{workspace};
  layer_.depthwise() ? depthwise(from, to, overlap, workspace) : convolve(from, to, workspace);
}

}  // namespace vnpu::k210
