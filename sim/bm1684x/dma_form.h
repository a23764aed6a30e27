// What a GDMA tensor or matrix command asks for, checked.
#pragma once

#include "sim/bm1684x/dma_side.h"
#include "sim/bm1684x/law.h"

namespace vnpu::bm1684x {

// `free_w`: the strides of w count; else they are 1.
DmaSide source_side(const GdmaCommand& command, Memory& memory, const Shape& shape, bool free_w);
DmaSide destination_side(const GdmaCommand& command, Memory& memory, const Shape& shape, bool free_w);

struct DmaSides {
  DmaSide source, destination;
};
// Of tensor copies. Throws Error(fault) as DmaSide does and when the sides differ in size.
DmaSides tensor_sides(const GdmaCommand& command, Memory& memory);

// A matrix in linear memory and its folded form in local memory: row = n, column = (c, w).
struct MatrixSides {
  bool to_local;
  std::uint32_t rows, columns;  // of the flat side
  DmaSide flat, folded;
};
// Throws Error(fault) as DmaSide does, Error(unsupported) when not exactly one side is local.
MatrixSides matrix_sides(const GdmaCommand& command, Memory& memory);

}  // namespace vnpu::bm1684x
