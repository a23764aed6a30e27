#include "sim/cv18xx/kernels/tdma_fast.h"

#include <cstring>

#include "base/error.h"
#include "sim/cv18xx/kernels/tdma_rows.h"
#include "sim/cv18xx/kernels/tdma_segments.h"
#include "sim/cv18xx/kernels/vlc_fast.h"
#include "sim/cv18xx/tdma_form.h"
#include "sim/cv18xx/tdma_laws.h"
#include "sim/cv18xx/vlc.h"

namespace vnpu::cv18xx {
namespace {

using kernels::TdmaRows;

const TdmaRows& rows_of(SimdLevel level) {
  switch (level) {
    case SimdLevel::avx512: return kernels::tdma_rows_avx512;
    case SimdLevel::avx2: return kernels::tdma_rows_avx2;
    case SimdLevel::scalar: break;
  }
  return kernels::tdma_rows_scalar;
}

// One stream onto another, converted from src_fmt to dst_fmt.
void stream(const TdmaCommand& command, const TdmaRows& rows, Segments to, Segments from, std::uint64_t count) {
  const bool is_signed = command.int8_sign;
  if (command.src_fmt == command.dst_fmt) {
    const std::size_t element = command.src_fmt;
    for_runs(to, from, count, [&](auto* t, const auto* f, std::uint64_t n) { std::memcpy(t, f, n * element); });
  } else if (command.src_fmt == 1) {
    for_runs(to, from, count, [&](auto* t, const auto* f, std::uint64_t n) { rows.widen(t, f, n, is_signed); });
  } else {
    const bool toward_zero = command.int8_rnd_mode;
    for_runs(to, from, count,
             [&](auto* t, const auto* f, std::uint64_t n) { rows.narrow(t, f, n, is_signed, toward_zero); });
  }
}

// Whether no two elements share a byte, judged by the strides; the answer may be no where it is yes.
bool distinct(const TdmaSide& side, const Extent& extent) {
  const auto row = std::uint64_t{extent[3]} * side.element;
  const auto plane = (extent[2] - std::uint64_t{1}) * side.h_stride + row;
  const auto first_lane = side.local ? side.start / lane_bytes : 0;
  const auto rounds = side.local ? (first_lane + extent[1] - 1) / side.lanes : extent[1] - std::uint64_t{1};
  return (extent[2] == 1 || side.h_stride >= row) && (rounds == 0 || side.c_stride >= plane) &&
         (extent[0] == 1 || side.n_stride >= rounds * side.c_stride + plane);
}

struct Sides {
  TdmaSide source, destination;
  Extent from, to;
};

Sides checked_sides(const TdmaCommand& command, Memory& memory, const Extent& from, const Extent& to) {
  Sides sides{source_side(command, memory), destination_side(command, memory), from, to};
  check_source(command, sides.source, from);
  check_destination(command, sides.destination, to);
  return sides;
}

bool overlap(const Sides& s) {
  return s.source.local == s.destination.local && range_of(s.source, s.from).overlaps(range_of(s.destination, s.to));
}

bool copy(const TdmaCommand& command, Memory& memory, const TdmaRows& rows) {
  const auto s = checked_sides(command, memory, source_extent(command), destination_extent(command));
  if (overlap(s)) return false;
  stream(command, rows, Segments(s.destination, s.to), Segments(s.source, s.from), count_of(s.to));
  return true;
}

bool lut_index(const TdmaCommand& command, Memory& memory, const TdmaRows& rows) {
  const auto s = checked_sides(command, memory, source_extent(command), destination_extent(command));
  // The law's second pass would meet a shared element twice.
  if (overlap(s) || !distinct(s.destination, s.to)) return false;
  Segments to(s.destination, s.to), from(s.source, s.from);
  for_runs(to, from, count_of(s.to), [&](auto* t, const auto* f, std::uint64_t n) {
    if (!rows.lut_index(t, f, n)) refuse_tdma(command, "mv_lut_idx", "the source holds a NaN");
  });
  return true;
}

void nc_transpose(const TdmaCommand& command, Memory& memory, const TdmaRows& rows) {
  const auto s = checked_sides(command, memory, source_extent(command),
                               {command.src_c, command.dst_c, command.dst_h, command.dst_w});
  stream(command, rows, Segments(s.destination, s.to, Segments::Order::c_first), Segments(s.source, s.from),
         count_of(s.to));
}

void cw_transpose(const TdmaCommand& command, Memory& memory) {
  const auto s = checked_sides(command, memory, source_extent(command),
                               {command.src_n, command.src_w, command.src_h, command.src_c});
  for (std::uint32_t n = 0; n < s.from[0]; ++n) {
    for (std::uint32_t c = 0; c < s.from[1]; ++c) {
      for (std::uint32_t h = 0; h < s.from[2]; ++h) {
        const auto* from = s.source.memory.data() + s.source.address(n, c, h, 0);
        auto* to = s.destination.memory.data() + s.destination.address(n, 0, h, c);
        for (std::uint32_t w = 0; w < s.from[3]; ++w) to[w * s.destination.c_stride] = from[w];
      }
    }
  }
}

void chw_rotate(const TdmaCommand& command, Memory& memory) {
  auto source = source_side(command, memory);
  source.w_stride = command.src_c;
  const auto destination = destination_side(command, memory);
  const auto extent = destination_extent(command);
  check_source(command, source, source_extent(command));
  check_destination(command, destination, extent);
  for (std::uint32_t n = 0; n < extent[0]; ++n) {
    for (std::uint32_t c = 0; c < extent[1]; ++c) {
      for (std::uint32_t h = 0; h < extent[2]; ++h) {
        const auto* from = source.memory.data() + source.address(n, c, h, 0);
        auto* to = destination.memory.data() + destination.address(n, c, h, 0);
        for (std::uint32_t w = 0; w < extent[3]; ++w) to[w] = from[w * source.w_stride];
      }
    }
  }
}

void fill(const TdmaCommand& command, Memory& memory) {
  const auto destination = destination_side(command, memory);
  const auto extent = destination_extent(command);
  if (count_of(extent) == 0) return;
  check_destination(command, destination, extent);
  Segments to(destination, extent);
  const auto low = static_cast<std::uint8_t>(command.const_val);
  const auto high = static_cast<std::uint8_t>(command.const_val >> 8);
  for_runs(to, count_of(extent), [&](std::uint8_t* bytes, std::uint64_t n) {
    if (destination.element == 1 || low == high) {
      std::memset(bytes, low, n * destination.element);
      return;
    }
    for (std::uint64_t i = 0; i < n; ++i) {
      bytes[2 * i] = low;
      bytes[2 * i + 1] = high;
    }
  });
}

void matrix_load(const TdmaCommand& command, Memory& memory, const TdmaRows& rows) {
  const auto matrix = matrix_destination(command, memory, command.src_n, command.src_w);
  const auto source = as_rows(source_side(command, memory));
  const Extent from = {matrix.rows, 1, 1, matrix.columns};
  check_source(command, source, from);
  check_destination(command, matrix.side, matrix.extent());
  stream(command, rows, Segments(matrix), Segments(source, from), count_of(from));
}

void matrix_store(const TdmaCommand& command, Memory& memory, const TdmaRows& rows) {
  const auto matrix = matrix_source(command, memory, command.dst_c, command.dst_w);
  const auto destination = as_rows(destination_side(command, memory));
  const Extent to = {matrix.rows, 1, 1, matrix.columns};
  check_source(command, matrix.side, matrix.extent());
  check_destination(command, destination, to);
  stream(command, rows, Segments(destination, to), Segments(matrix), count_of(to));
}

void matrix_load_transposed(const TdmaCommand& command, Memory& memory) {
  const auto matrix = matrix_destination(command, memory, command.src_w, command.src_c);
  const auto source = as_rows(source_side(command, memory));
  check_source(command, source, {command.src_c, 1, 1, command.src_w});
  check_destination(command, matrix.side, matrix.extent());
  Segments to(matrix);
  for (std::uint32_t row = 0; row < matrix.rows; ++row) {
    const auto* from = source.memory.data() + source.start + row;
    for_runs(to, matrix.columns, [&](std::uint8_t* bytes, std::uint64_t n) {
      for (std::uint64_t i = 0; i < n; ++i, from += source.n_stride) bytes[i] = *from;
    });
  }
}

struct GiveBack {
  Workspace& workspace;
  ~GiveBack() { workspace.reset(); }
};

// False for streams that only the law can judge.
bool vlc_load(const TdmaCommand& command, Memory& memory) {
  const auto source = source_side(command, memory);
  check_source(command, source, {1, 1, 1, 1});
  const auto stream = std::span<const std::uint8_t>(source.memory).subspan(source.start);
  const auto destination = destination_side(command, memory);
  const auto matrix = matrix_destination(command, memory, command.src_n, command.src_w);
  const auto extent = command.sys_dtype ? matrix.extent() : destination_extent(command);
  check_destination(command, destination, extent);
  const auto count = command.sys_dtype ? std::uint64_t{matrix.rows} * matrix.columns : count_of(extent);

  const auto size = count * destination.element;
  const GiveBack at_end{memory.workspace()};
  const std::span<std::uint8_t> plain(memory.workspace().take<std::uint8_t>(size), size);
  if (stream.size() < 16 || vlc_parameters(stream).bf16 != (command.src_fmt == 2)) return false;
  if (!vlc_decode_fast(stream, plain)) return false;
  const auto* from = plain.data();
  Segments to = command.sys_dtype ? Segments(matrix) : Segments(destination, extent);
  for_runs(to, count, [&](std::uint8_t* bytes, std::uint64_t n) {
    std::memcpy(bytes, from, n * destination.element);
    from += n * destination.element;
  });
  return true;
}

}  // namespace

bool execute_tdma_fast(const TdmaCommand& command, Memory& memory, SimdLevel level) {
  const auto& rows = rows_of(level);
  switch (tdma_form(command)) {
    case TdmaForm::tensor_copy: return copy(command, memory, rows);
    case TdmaForm::lut_index: return lut_index(command, memory, rows);
    case TdmaForm::nc_transpose: nc_transpose(command, memory, rows); return true;
    case TdmaForm::cw_transpose: cw_transpose(command, memory); return true;
    case TdmaForm::chw_rotate: chw_rotate(command, memory); return true;
    case TdmaForm::fill: fill(command, memory); return true;
    case TdmaForm::matrix_load: matrix_load(command, memory, rows); return true;
    case TdmaForm::matrix_load_transposed: matrix_load_transposed(command, memory); return true;
    case TdmaForm::matrix_store: matrix_store(command, memory, rows); return true;
    case TdmaForm::vlc_load: return vlc_load(command, memory);
    // A memmove in the law already, or never seen in converted models.
    case TdmaForm::general_copy:
    case TdmaForm::lut_base:
    case TdmaForm::vlc_store: return false;
  }
  return false;
}

}  // namespace vnpu::cv18xx
