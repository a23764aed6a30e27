#include "sim/bm1684x/dma_form.h"

#include "base/error.h"

namespace vnpu::bm1684x {

DmaSide source_side(const GdmaCommand& c, Memory& memory, const Shape& shape, bool free_w) {
  const std::uint64_t address = c.src_address();
  Strides strides{c.src_nstride, c.src_cstride, c.src_hstride, free_w ? c.src_wstride : 1};
  if (!c.stride_enable) strides = DmaSide::default_strides(address, c.src_data_format, shape);
  return DmaSide(memory, "source", address, c.src_data_format, shape, strides);
}

DmaSide destination_side(const GdmaCommand& c, Memory& memory, const Shape& shape, bool free_w) {
  const std::uint64_t address = c.dst_address();
  Strides strides{c.dst_nstride, c.dst_cstride, c.dst_hstride, free_w ? c.dst_wstride : 1};
  if (!c.stride_enable) strides = DmaSide::default_strides(address, c.src_data_format, shape);
  return DmaSide(memory, "destination", address, c.src_data_format, shape, strides);
}

DmaSides tensor_sides(const GdmaCommand& c, Memory& memory) {
  const Shape from{c.src_nsize, c.src_csize, c.src_hsize, c.src_wsize};
  const Shape to{c.dst_nsize, c.dst_csize, c.dst_hsize, c.dst_wsize};
  const DmaSide destination = destination_side(c, memory, c.nchw_copy ? from : to, true);
  const DmaSide source = source_side(c, memory, from, true);
  if (destination.shape().count() != from.count()) throw Error(ErrorKind::fault, "sizes of the sides differ");
  return {source, destination};
}

MatrixSides matrix_sides(const GdmaCommand& c, Memory& memory) {
  const bool to_local = is_local(c.dst_address());
  if (c.fill_constant_en) throw Error(ErrorKind::unsupported, "a matrix filled with a constant");
  if (to_local == is_local(c.src_address())) {
    throw Error(ErrorKind::unsupported, "both sides in the same kind of memory");
  }
  if (!c.stride_enable) throw Error(ErrorKind::unsupported, "without strides");
  const bool transposes = c.cmd_special_function == 1;
  const std::uint32_t rows = to_local ? c.src_hsize : c.dst_hsize, columns = to_local ? c.src_wsize : c.dst_wsize;
  const std::uint32_t width = to_local ? c.dst_wsize : c.src_wsize;
  if (width == 0) throw Error(ErrorKind::fault, "local matrix: no columns in a channel");
  const std::uint32_t local_rows = transposes ? columns : rows, local_columns = transposes ? rows : columns;
  const Shape folded{local_rows, (local_columns + width - 1) / width, 1, width};
  const Strides flat_strides{0, 0, to_local ? c.src_hstride : c.dst_hstride, 1};
  const Strides folded_strides{to_local ? c.dst_nstride : c.src_nstride, to_local ? c.dst_cstride : c.src_cstride, 0,
                               1};
  const std::uint64_t local = to_local ? c.dst_address() : c.src_address();
  const std::uint64_t linear = to_local ? c.src_address() : c.dst_address();
  return {to_local, rows, columns,
          DmaSide(memory, "matrix", linear, c.src_data_format, {1, 1, rows, columns}, flat_strides),
          DmaSide(memory, "local matrix", local, c.src_data_format, folded, folded_strides)};
}

}  // namespace vnpu::bm1684x
