// Copies, conversions, fills and matrices: source and destination as two streams of elements.
#include <cstring>
#include <string>

#include "base/error.h"
#include "sim/cv18xx/convert.h"
#include "sim/cv18xx/tdma_form.h"
#include "sim/cv18xx/tdma_laws.h"

namespace vnpu::cv18xx {

std::uint16_t convert_element(const TdmaCommand& command, std::uint16_t value) {
  if (command.src_fmt == command.dst_fmt) return value;
  if (command.src_fmt == 1) return int8_to_bf16(static_cast<std::uint8_t>(value), command.int8_sign);
  return bf16_to_int8(value, command.int8_sign, command.int8_rnd_mode);
}

TdmaSide as_rows(TdmaSide side) {
  side.n_stride = side.c_stride;
  return side;
}

LocalMatrix matrix_destination(const TdmaCommand& command, Memory& memory, std::uint32_t rows, std::uint32_t columns) {
  return {destination_side(command, memory), rows, columns, command.dst_w};
}

LocalMatrix matrix_source(const TdmaCommand& command, Memory& memory, std::uint32_t rows, std::uint32_t columns) {
  return {source_side(command, memory), rows, columns, command.src_w};
}

void tensor_copy_law(const TdmaCommand& command, Memory& memory) {
  const auto source = source_side(command, memory);
  const auto destination = destination_side(command, memory);
  check_source(command, source, source_extent(command));
  check_destination(command, destination, destination_extent(command));
  Walk from(source, source_extent(command));
  Walk to(destination, destination_extent(command));
  for (auto left = count_of(destination_extent(command)); left != 0; --left, from.next(), to.next()) {
    destination.write(to.address(), convert_element(command, source.read(from.address())));
  }
}

void lut_helper_law(const TdmaCommand& command, Memory& memory) {
  // Two passes, as a command whose source and destination overlap shows: a copy, then the helper in place.
  tensor_copy_law(command, memory);
  const auto destination = destination_side(command, memory);
  Walk at(destination, destination_extent(command));
  for (auto left = count_of(destination_extent(command)); left != 0; --left, at.next()) {
    const auto value = destination.read(at.address());
    if (command.mv_lut_idx && is_bf16_nan(value)) refuse_tdma(command, "mv_lut_idx", "the source holds a NaN");
    destination.write(at.address(), command.mv_lut_idx ? bf16_to_lut_index(value) : bf16_to_lut_base(value));
  }
}

void general_copy_law(const TdmaCommand& command, Memory& memory) {
  // Plain byte addresses, also across the borders of lanes.
  const auto source = source_side(command, memory);
  const auto destination = destination_side(command, memory);
  const std::uint64_t size = command.src_n_stride;
  const auto check = [&](const TdmaSide& side, const char* field) {
    if (side.start > side.memory.size() || size > side.memory.size() - side.start) {
      refuse_tdma(command, field,
                  std::to_string(size) + " bytes from address " + std::to_string(side.start) + " of a memory of " +
                      std::to_string(side.memory.size()));
    }
  };
  check(source, "source");
  check(destination, "destination");
  if (size == 0) return;
  // All bytes are read before the first is written.
  std::memmove(destination.memory.data() + destination.start, source.memory.data() + source.start, size);
}

void fill_law(const TdmaCommand& command, Memory& memory) {
  const auto destination = destination_side(command, memory);
  const auto extent = destination_extent(command);
  if (count_of(extent) == 0) return;
  check_destination(command, destination, extent);
  Walk to(destination, extent);
  for (auto left = count_of(extent); left != 0; --left, to.next()) {
    destination.write(to.address(), static_cast<std::uint16_t>(command.const_val));
  }
}

void matrix_load_law(const TdmaCommand& command, Memory& memory) {
  const auto matrix = matrix_destination(command, memory, command.src_n, command.src_w);
  const auto source = as_rows(source_side(command, memory));
  check_source(command, source, {matrix.rows, 1, 1, matrix.columns});
  check_destination(command, matrix.side, matrix.extent());
  for (std::uint32_t row = 0; row < matrix.rows; ++row) {
    for (std::uint32_t column = 0; column < matrix.columns; ++column) {
      matrix.side.write(matrix.address(row, column),
                        convert_element(command, source.read(source.address(row, 0, 0, column))));
    }
  }
}

void matrix_store_law(const TdmaCommand& command, Memory& memory) {
  const auto matrix = matrix_source(command, memory, command.dst_c, command.dst_w);
  const auto destination = as_rows(destination_side(command, memory));
  check_source(command, matrix.side, matrix.extent());
  check_destination(command, destination, {matrix.rows, 1, 1, matrix.columns});
  for (std::uint32_t row = 0; row < matrix.rows; ++row) {
    for (std::uint32_t column = 0; column < matrix.columns; ++column) {
      destination.write(destination.address(row, 0, 0, column),
                        convert_element(command, matrix.side.read(matrix.address(row, column))));
    }
  }
}

}  // namespace vnpu::cv18xx
