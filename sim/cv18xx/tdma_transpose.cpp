// Transposing copies: the source is streamed in another order of its dimensions.
#include "sim/cv18xx/tdma_laws.h"

namespace vnpu::cv18xx {
namespace {

// Element by element, each side in its own order of dimensions.
void stream(const TdmaCommand& command, const TdmaSide& source, const Extent& from_extent,
            const std::array<int, 4>& from_order, const TdmaSide& destination, const Extent& to_extent,
            const std::array<int, 4>& to_order) {
  check_source(command, source, from_extent);
  check_destination(command, destination, to_extent);
  Walk from(source, from_extent, from_order);
  Walk to(destination, to_extent, to_order);
  for (auto left = count_of(to_extent); left != 0; --left, from.next(), to.next()) {
    destination.write(to.address(), convert_element(command, source.read(from.address())));
  }
}

constexpr std::array<int, 4> nchw = {0, 1, 2, 3};

}  // namespace

// The transposes go in the source's order, which shows when the destination's strides fold elements onto each other.
void nc_transpose_law(const TdmaCommand& command, Memory& memory) {
  stream(command, source_side(command, memory), source_extent(command), nchw, destination_side(command, memory),
         {command.src_c, command.dst_c, command.dst_h, command.dst_w}, {1, 0, 2, 3});
}

void cw_transpose_law(const TdmaCommand& command, Memory& memory) {
  stream(command, source_side(command, memory), source_extent(command), nchw, destination_side(command, memory),
         {command.src_n, command.src_w, command.src_h, command.src_c}, {0, 3, 2, 1});
}

void chw_rotate_law(const TdmaCommand& command, Memory& memory) {
  auto source = source_side(command, memory);
  source.w_stride = command.src_c;  // the channels of a pixel lie side by side (src_c_stride is 1)
  stream(command, source, source_extent(command), nchw, destination_side(command, memory), destination_extent(command),
         nchw);
}

void matrix_load_transposed_law(const TdmaCommand& command, Memory& memory) {
  const auto matrix = matrix_destination(command, memory, command.src_w, command.src_c);
  const auto source = as_rows(source_side(command, memory));
  check_source(command, source, {command.src_c, 1, 1, command.src_w});
  check_destination(command, matrix.side, matrix.extent());
  for (std::uint32_t row = 0; row < matrix.rows; ++row) {
    for (std::uint32_t column = 0; column < matrix.columns; ++column) {
      matrix.side.write(matrix.address(row, column), source.read(source.address(column, 0, 0, row)));
    }
  }
}

}  // namespace vnpu::cv18xx
