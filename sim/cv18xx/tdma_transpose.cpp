// Transposing copies: the source is streamed in another order of its dimensions.
#include "sim/cv18xx/tdma_laws.h"

namespace vnpu::cv18xx {
namespace {

void stream(const TdmaCommand& command, const TdmaSide& source, const Extent& from_extent,
            const std::array<int, 4>& order, const TdmaSide& destination, const Extent& to_extent) {
  check_source(command, source, from_extent);
  check_destination(command, destination, to_extent);
  Walk from(source, from_extent, order);
  Walk to(destination, to_extent);
  for (auto left = count_of(to_extent); left != 0; --left, from.next(), to.next()) {
    destination.write(to.address(), convert_element(command, source.read(from.address())));
  }
}

}  // namespace

void nc_transpose_law(const TdmaCommand& command, Memory& memory) {
  stream(command, source_side(command, memory), source_extent(command), {1, 0, 2, 3}, destination_side(command, memory),
         {command.src_c, command.dst_c, command.dst_h, command.dst_w});
}

void cw_transpose_law(const TdmaCommand& command, Memory& memory) {
  stream(command, source_side(command, memory), source_extent(command), {0, 3, 2, 1}, destination_side(command, memory),
         {command.src_n, command.src_w, command.src_h, command.src_c});
}

void chw_rotate_law(const TdmaCommand& command, Memory& memory) {
  auto source = source_side(command, memory);
  source.c_stride = 1;  // the channels of a pixel lie side by side
  source.w_stride = command.src_c;
  stream(command, source, source_extent(command), {0, 1, 2, 3}, destination_side(command, memory),
         destination_extent(command));
}

void matrix_load_transposed_law(const TdmaCommand& command, Memory& memory) {
  const auto matrix = matrix_destination(command, memory, command.src_w, command.src_n);
  const auto source = as_rows(source_side(command, memory));
  check_source(command, source, {command.src_n, 1, 1, command.src_w});
  check_destination(command, matrix.side, matrix.extent());
  for (std::uint32_t row = 0; row < matrix.rows; ++row) {
    for (std::uint32_t column = 0; column < matrix.columns; ++column) {
      matrix.side.write(matrix.address(row, column), source.read(source.address(column, 0, 0, row)));
    }
  }
}

}  // namespace vnpu::cv18xx
