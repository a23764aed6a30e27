// GDMA tensor, C-W transpose, general and matrix: copies in all directions.
#include <string>

#include "base/error.h"
#include "sim/bm1684x/dma_form.h"

namespace vnpu::bm1684x {
namespace {

enum Function : std::uint32_t { copy = 0, transpose = 1, collect = 2, broadcast = 3, distribute = 4 };

Shape source_shape(const GdmaCommand& c) { return {c.src_nsize, c.src_csize, c.src_hsize, c.src_wsize}; }
Shape destination_shape(const GdmaCommand& c) { return {c.dst_nsize, c.dst_csize, c.dst_hsize, c.dst_wsize}; }

void fill(const GdmaCommand& c, const DmaSide& destination) {
  const std::vector<std::uint32_t> values(destination.shape().count(), c.constant_value);
  destination.write(values, c.lane_mask());
}

[[noreturn]] void unknown_function(const GdmaCommand& c) {
  throw Error(ErrorKind::unsupported, "special function " + std::to_string(c.cmd_special_function));
}

// N-C: dst(c, n, h, w) = src(n, c, h, w).
std::vector<std::uint32_t> transpose_nc(const std::vector<std::uint32_t>& values, const Shape& s) {
  const std::size_t plane = std::size_t{s.h} * s.w;
  std::vector<std::uint32_t> result;
  result.reserve(values.size());
  for (std::size_t c = 0; c < s.c; ++c) {
    for (std::size_t n = 0; n < s.n; ++n) {
      const auto* from = values.data() + (n * s.c + c) * plane;
      result.insert(result.end(), from, from + plane);
    }
  }
  return result;
}

// C-W: dst(n, w, h, c) = src(n, c, h, w).
std::vector<std::uint32_t> transpose_cw(const std::vector<std::uint32_t>& values, const Shape& s) {
  std::vector<std::uint32_t> result;
  result.reserve(values.size());
  for (std::size_t n = 0; n < s.n; ++n) {
    for (std::size_t w = 0; w < s.w; ++w) {
      for (std::size_t h = 0; h < s.h; ++h) {
        for (std::size_t c = 0; c < s.c; ++c) result.push_back(values[((n * s.c + c) * s.h + h) * s.w + w]);
      }
    }
  }
  return result;
}

// One channel to all `channels`.
std::vector<std::uint32_t> repeat_channel(const std::vector<std::uint32_t>& values, std::size_t batches,
                                          std::size_t channels) {
  const std::size_t plane = values.size() / batches;
  std::vector<std::uint32_t> result;
  result.reserve(values.size() * channels);
  for (std::size_t n = 0; n < batches; ++n) {
    for (std::size_t c = 0; c < channels; ++c) {
      result.insert(result.end(), values.data() + n * plane, values.data() + (n + 1) * plane);
    }
  }
  return result;
}

}  // namespace

void execute_dma_tensor(const GdmaCommand& c, Memory& memory) {
  const Shape from = source_shape(c);
  switch (c.cmd_special_function) {
    case copy: {
      if (c.fill_constant_en) {
        return fill(c, destination_side(c, memory, c.nchw_copy ? from : destination_shape(c), true));
      }
      const DmaSides sides = tensor_sides(c, memory);
      return sides.destination.write(sides.source.read(), c.lane_mask());
    }
    case transpose: {
      const DmaSide destination = destination_side(c, memory, {from.c, from.n, from.h, from.w}, false);
      if (c.fill_constant_en) return fill(c, destination);
      return destination.write(transpose_nc(source_side(c, memory, from, false).read(), from), c.lane_mask());
    }
    case broadcast: {
      const Shape one{from.n, 1, from.h, from.w}, to{from.n, c.dst_csize, from.h, from.w};
      const DmaSide destination = destination_side(c, memory, to, false);
      if (c.fill_constant_en) return fill(c, destination);
      return destination.write(repeat_channel(source_side(c, memory, one, false).read(), to.n, to.c), c.lane_mask());
    }
    default: unknown_function(c);
  }
}

void execute_dma_cw_transpose(const GdmaCommand& c, Memory& memory) {
  if (c.cmd_special_function != 0) unknown_function(c);
  const Shape from = source_shape(c);
  const DmaSide destination = destination_side(c, memory, {from.n, from.w, from.h, from.c}, false);
  if (c.fill_constant_en) return fill(c, destination);
  destination.write(transpose_cw(source_side(c, memory, from, false).read(), from), c.lane_mask());
}

// A run of elements; in local memory inside one lane, or the same to several lanes.
void execute_dma_general(const GdmaCommand& c, Memory& memory) {
  if (c.cmd_special_function > 1) unknown_function(c);
  const bool broadcasts = c.cmd_special_function == 1;
  const Shape run{1, 1, 1, c.src_cstride};
  const Shape to{1, broadcasts ? c.dst_csize : 1, 1, run.w};
  const Strides strides{0, 0, 0, 1};
  if (broadcasts && !is_local(c.dst_address())) throw Error(ErrorKind::fault, "broadcast to no lanes");
  const DmaSide destination(memory, "destination", c.dst_address(), c.src_data_format, to, strides);
  if (c.fill_constant_en) return fill(c, destination);
  const DmaSide source(memory, "source", c.src_address(), c.src_data_format, run, strides);
  destination.write(repeat_channel(source.read(), 1, to.c), c.lane_mask());
}

void execute_dma_matrix(const GdmaCommand& c, Memory& memory) {
  if (c.cmd_special_function > 1) unknown_function(c);
  const bool transposes = c.cmd_special_function == 1;
  const MatrixSides sides = matrix_sides(c, memory);
  const std::uint32_t width = sides.folded.shape().w;
  const auto channel = [&](std::uint32_t row, std::uint32_t column) { return (transposes ? row : column) / width; };
  const auto element = [&](std::uint32_t row, std::uint32_t column) {
    const std::uint32_t n = transposes ? column : row, j = transposes ? row : column;
    return sides.folded.at(n, j / width, 0, j % width);
  };
  const unsigned bytes = sides.folded.bytes();
  if (sides.to_local) {
    const std::vector<std::uint32_t> values = sides.flat.read();
    for (std::uint32_t row = 0; row < sides.rows; ++row) {
      for (std::uint32_t column = 0; column < sides.columns; ++column) {
        if (!sides.folded.is_written(channel(row, column), c.lane_mask())) continue;
        store_element(element(row, column), values[std::size_t{row} * sides.columns + column], bytes);
      }
    }
    return;
  }
  std::vector<std::uint32_t> values;
  values.reserve(std::size_t{sides.rows} * sides.columns);
  for (std::uint32_t row = 0; row < sides.rows; ++row) {
    for (std::uint32_t column = 0; column < sides.columns; ++column) {
      values.push_back(load_element(element(row, column), bytes));
    }
  }
  sides.flat.write(values, ~std::uint64_t{0});
}

}  // namespace vnpu::bm1684x
