// The laws of the single forms, for the dispatch in tdma_law.cpp. The command's fields have been checked by
// tdma_form().
#pragma once

#include "isa/cv18xx/command.h"
#include "sim/cv18xx/memory.h"
#include "sim/cv18xx/tdma_side.h"

namespace vnpu::cv18xx {

void tensor_copy_law(const TdmaCommand& command, Memory& memory);
void lut_helper_law(const TdmaCommand& command, Memory& memory);
void general_copy_law(const TdmaCommand& command, Memory& memory);
void fill_law(const TdmaCommand& command, Memory& memory);
void matrix_load_law(const TdmaCommand& command, Memory& memory);
void matrix_store_law(const TdmaCommand& command, Memory& memory);

void nc_transpose_law(const TdmaCommand& command, Memory& memory);
void cw_transpose_law(const TdmaCommand& command, Memory& memory);
void chw_rotate_law(const TdmaCommand& command, Memory& memory);
void matrix_load_transposed_law(const TdmaCommand& command, Memory& memory);

void vlc_store_law(const TdmaCommand& command, Memory& memory);
void vlc_load_law(const TdmaCommand& command, Memory& memory);

// One element on its way from src_fmt to dst_fmt.
std::uint16_t convert_element(const TdmaCommand& command, std::uint16_t value);

// The extents of both sides of a tensor command.
inline Extent source_extent(const TdmaCommand& c) { return {c.src_n, c.src_c, c.src_h, c.src_w}; }
inline Extent destination_extent(const TdmaCommand& c) { return {c.src_n, c.dst_c, c.dst_h, c.dst_w}; }

// A matrix in local memory: row n, column j = channel j / width, position j % width.
struct LocalMatrix {
  TdmaSide side;
  std::uint32_t rows = 0, columns = 0, width = 0;

  std::uint64_t address(std::uint32_t row, std::uint32_t column) const {
    return side.address(row, column / width, 0, column % width);
  }
  // The channels that hold columns; the last one may be part full and is counted whole where there are several.
  Extent extent() const { return {rows, (columns + width - 1) / width, 1, columns < width ? columns : width}; }
};
LocalMatrix matrix_destination(const TdmaCommand& command, Memory& memory, std::uint32_t rows, std::uint32_t columns);
LocalMatrix matrix_source(const TdmaCommand& command, Memory& memory, std::uint32_t rows, std::uint32_t columns);

// The same side with the row stride of a matrix in global memory: n is the row, w the column.
TdmaSide as_rows(TdmaSide side);

}  // namespace vnpu::cv18xx
