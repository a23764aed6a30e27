// Compressing stores and decompressing loads.
#include <string>

#include "base/error.h"
#include "sim/cv18xx/tdma_form.h"
#include "sim/cv18xx/tdma_laws.h"
#include "sim/cv18xx/vlc.h"

namespace vnpu::cv18xx {
namespace {

// The elements of the local side in stream order, one call each.
template <class Visit>
void visit_tensor(const TdmaSide& side, const Extent& extent, Visit visit) {
  Walk walk(side, extent);
  for (auto left = count_of(extent); left != 0; --left, walk.next()) visit(walk.address());
}

template <class Visit>
void visit_matrix(const LocalMatrix& matrix, Visit visit) {
  for (std::uint32_t row = 0; row < matrix.rows; ++row)
    for (std::uint32_t column = 0; column < matrix.columns; ++column) visit(matrix.address(row, column));
}

}  // namespace

void vlc_store_law(const TdmaCommand& command, Memory& memory) {
  Bytes plain;
  const auto append = [&](const TdmaSide& side, std::uint64_t at) {
    for (std::uint32_t i = 0; i < side.element; ++i) plain.push_back(side.memory[at + i]);
  };
  if (command.sys_dtype) {
    const auto matrix = matrix_source(command, memory, command.src_n, command.dst_w);
    check_source(command, matrix.side, matrix.extent());
    // Stride 0 reads the same bytes again and again; what is written must fit the memory anyway.
    check_destination(command, as_rows(destination_side(command, memory)), {1, 1, 1, 1});
    if (std::uint64_t{matrix.rows} * matrix.columns > memory.local().size())
      refuse_tdma(command, "dst_w", "more elements than the local memory has");
    visit_matrix(matrix, [&](std::uint64_t at) { append(matrix.side, at); });
  } else {
    const auto source = source_side(command, memory);
    check_source(command, source, source_extent(command));
    if (count_of(source_extent(command)) > memory.local().size())
      refuse_tdma(command, "src strides", "more elements than the local memory has");
    visit_tensor(source, source_extent(command), [&](std::uint64_t at) { append(source, at); });
  }
  VlcParameters parameters;
  parameters.bf16 = command.src_fmt == 2;
  parameters.is_signed = command.cmprs_fmt;
  parameters.bias0 = static_cast<std::uint8_t>(command.compress_bias0);
  parameters.bias1 = static_cast<std::uint8_t>(command.compress_bias1);
  parameters.zero_guard = command.compress_zero_guard;
  const auto stream = vlc_encode(plain, parameters);
  auto destination = destination_side(command, memory);
  destination.element = 1;
  destination.w_stride = 1;
  check_destination(command, destination, {1, 1, 1, static_cast<std::uint32_t>(stream.size())});
  std::copy(stream.begin(), stream.end(), destination.memory.begin() + static_cast<std::ptrdiff_t>(destination.start));
}

void vlc_load_law(const TdmaCommand& command, Memory& memory) {
  const auto source = source_side(command, memory);
  check_source(command, source, {1, 1, 1, 1});
  const auto stream = std::span<const std::uint8_t>(source.memory).subspan(source.start);

  const auto destination = destination_side(command, memory);
  const auto matrix = matrix_destination(command, memory, command.src_n, command.src_w);
  const auto extent = command.sys_dtype ? matrix.extent() : destination_extent(command);
  check_destination(command, destination, extent);
  const auto count = command.sys_dtype ? std::uint64_t{matrix.rows} * matrix.columns : count_of(extent);

  Bytes plain(count * destination.element);
  try {
    if (vlc_parameters(stream).bf16 != (command.src_fmt == 2))
      throw Error(ErrorKind::unsupported, tdma_mnemonic(command) + ": src_fmt: is not that of the stream's header");
    vlc_decode(stream, plain);
  } catch (const Error& error) {
    if (error.kind() != ErrorKind::damaged) throw;
    throw Error(ErrorKind::fault, tdma_mnemonic(command) + ": source in global memory at address " +
                                      std::to_string(source.start) + ": " + error.what());
  }
  std::size_t next = 0;
  const auto write = [&](std::uint64_t at) {
    for (std::uint32_t i = 0; i < destination.element; ++i) destination.memory[at + i] = plain[next++];
  };
  if (command.sys_dtype) {
    visit_matrix(matrix, write);
  } else {
    visit_tensor(destination, extent, write);
  }
}

}  // namespace vnpu::cv18xx
