// GDMA gather, scatter, masked select, nonzero: transfers that other data steer.
#include <string>

#include "base/error.h"
#include "sim/bm1684x/dma_form.h"
#include "sim/bm1684x/law.h"

namespace vnpu::bm1684x {
namespace {

// Row numbers of every channel, 32 bits each; one channel may serve all.
std::vector<std::uint32_t> read_index(const GdmaCommand& c, Memory& memory, std::uint32_t channels) {
  if (c.index_csize != 1 && c.index_csize != channels) throw Error(ErrorKind::fault, "index_csize: not the channels");
  const Shape shape{1, c.index_csize, c.index_hsize, 1};
  const auto strides = c.stride_enable ? Strides{0, c.index_cstride, c.index_hstride, 0}
                                       : DmaSide::default_strides(c.index_address(), i32, shape);
  const auto index = DmaSide(memory, "index", c.index_address(), i32, shape, strides).read();
  if (c.index_csize == channels) return index;
  std::vector<std::uint32_t> all;
  all.reserve(index.size() * channels);
  for (std::uint32_t i = 0; i < channels; ++i) all.insert(all.end(), index.begin(), index.end());
  return all;
}

// Elements of several types from a dense run of linear memory.
std::vector<std::uint32_t> read_run(Memory& memory, const char* side, std::uint64_t address, Precision format,
                                    std::uint64_t count) {
  if (count > dma_element_limit)
    throw Error(ErrorKind::fault, std::string(side) + ": more elements than any network moves");
  return DmaSide(memory, side, address, format, {1, 1, 1, static_cast<std::uint32_t>(count)}, {0, 0, 0, 1}).read();
}

void write_run(Memory& memory, const GdmaCommand& c, Precision format, std::span<const std::uint32_t> values) {
  if (values.empty()) return;
  const Shape shape{1, 1, 1, static_cast<std::uint32_t>(values.size())};
  DmaSide(memory, "destination", c.dst_address(), format, shape, {0, 0, 0, 1}).write(values, c.lane_mask());
}

}  // namespace

// dst(c, k, :) = src(c, index(c, k), :), a constant where there is no such row.
void execute_dma_gather(const GdmaCommand& c, Memory& memory) {
  const std::uint32_t width = c.src_wsize, count = c.index_hsize;
  const Shape from{1, c.src_csize, c.src_hsize, width}, to{1, c.src_csize, count, width};
  const DmaSide source = source_side(c, memory, from, false);
  const DmaSide destination = destination_side(c, memory, to, false);
  const auto index = read_index(c, memory, from.c);
  std::vector<std::uint32_t> values;
  values.reserve(to.count());
  for (std::uint32_t i = 0; i < from.c; ++i) {
    for (std::uint32_t k = 0; k < count; ++k) {
      const std::uint32_t row = index[std::size_t{i} * count + k];
      for (std::uint32_t w = 0; w < width; ++w) {
        values.push_back(row < from.h ? load_element(source.at(0, i, row, w), source.bytes()) : c.constant_value);
      }
    }
  }
  destination.write(values, c.lane_mask());
}

// dst(c, index(c, k), :) = src(c, k, :), k ascending; rows beyond the destination are left out.
void execute_dma_scatter(const GdmaCommand& c, Memory& memory) {
  const std::uint32_t width = c.src_wsize, count = c.index_hsize;
  const Shape from{1, c.src_csize, count, width}, to{1, c.src_csize, c.dst_hsize, width};
  const DmaSide source = source_side(c, memory, from, false);
  const DmaSide destination = destination_side(c, memory, to, false);
  const auto index = read_index(c, memory, from.c);
  const auto values = source.read();
  const std::uint32_t* value = values.data();
  for (std::uint32_t i = 0; i < from.c; ++i) {
    for (std::uint32_t k = 0; k < count; ++k) {
      const std::uint32_t row = index[std::size_t{i} * count + k];
      const bool written = row < to.h && destination.is_written(i, c.lane_mask());
      for (std::uint32_t w = 0; w < width; ++w, ++value) {
        if (written) store_element(destination.at(0, i, row, w), *value, destination.bytes());
      }
    }
  }
}

// The elements whose mask is not 0, one after another.
void execute_dma_masked_select(const GdmaCommand& c, Memory& memory) {
  const std::uint64_t count = Shape{c.src_nsize, c.src_csize, c.src_hsize, c.src_wsize}.count();
  auto values = read_run(memory, "source", c.src_address(), c.src_data_format, count);
  const auto mask = read_run(memory, "mask", c.index_address(), c.index_data_format, count);
  std::size_t kept = 0;
  for (std::size_t i = 0; i < values.size(); ++i) {
    if (mask[i] != 0) values[kept++] = values[i];
  }
  values.resize(kept);
  write_run(memory, c, c.src_data_format, values);
}

// The places of the elements that are not 0, from a base.
void execute_dma_nonzero(const GdmaCommand& c, Memory& memory) {
  const std::uint64_t count = Shape{c.src_nsize, c.src_csize, c.src_hsize, c.src_wsize}.count();
  auto values = read_run(memory, "source", c.src_address(), c.src_data_format, count);
  std::size_t kept = 0;
  for (std::size_t i = 0; i < values.size(); ++i) {
    if (values[i] != 0) values[kept++] = static_cast<std::uint32_t>(c.dst_nstride + i);
  }
  values.resize(kept);
  write_run(memory, c, c.index_data_format, values);
}

}  // namespace vnpu::bm1684x
