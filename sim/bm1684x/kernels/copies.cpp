// TRANS/BC lane copies, SG tables and the copies of the GDMA: rows as they lie.
#include <algorithm>
#include <cstring>

#include "base/error.h"
#include "sim/bm1684x/dma_form.h"
#include "sim/bm1684x/kernels/kernels.h"
#include "sim/bm1684x/kernels/spans.h"
#include "sim/bm1684x/sg_form.h"

namespace vnpu::bm1684x::kernels {

// All planes to other lanes, or one plane to many.
bool copy_lanes(const TiuJob& job) {
  const TiuCommand& c = job.command;
  const bool repeats = c.tsk_eu_typ == 3;
  if (c.tsk_eu_typ != 2 && !repeats) return false;
  const Shape shape{c.res0_n, c.res0_c, c.res0_h, c.res0_w};
  const TensorView result = aligned_view(c.res0_addr, c.res0_prec, shape);
  const Shape from{shape.n, repeats ? 1 : shape.c, shape.h, shape.w};
  const TensorView source = aligned_view(c.opd0_addr, c.res0_prec, from);
  check_view(result, "res0");
  check_view(source, "opd0");
  const std::size_t bytes = std::size_t{shape.h} * shape.w * result.bytes;
  std::uint8_t* local = job.memory.local().data();
  const bool staged = may_touch(result, source);
  Workspace& workspace = job.memory.workspace();
  workspace.reset();
  auto* room = workspace.take<std::uint8_t>(staged ? bytes * from.n * from.c : 0);
  const auto place = [&](std::uint32_t n, std::uint32_t k) {
    return staged ? room + (std::size_t{n} * from.c + k) * bytes : local + source.row(n, k, 0);
  };
  if (staged) {
    for (std::uint32_t n = 0; n < from.n; ++n) {
      for (std::uint32_t k = 0; k < from.c; ++k) std::memcpy(place(n, k), local + source.row(n, k, 0), bytes);
    }
  }
  for_spans(result, job.lanes, true, [&](std::uint32_t n, std::uint32_t k, std::uint32_t, std::size_t) {
    std::memcpy(local + result.row(n, k, 0), place(n, repeats ? 0 : k), bytes);
  });
  return true;
}

// Tables of bytes with indices of bytes, which all lie in a table of 256: no index can be outside.
bool look_up_bytes(const TiuJob& job, const ElementOps& ops) {
  const TiuCommand& c = job.command;
  const std::size_t table = std::size_t{c.opd0_h} * c.opd0_w, count = std::size_t{c.res0_h} * c.res0_w;
  if ((c.tsk_eu_typ != 5 && c.tsk_eu_typ != 13) || c.opd0_prec != i8 || c.res0_prec != i8 || c.opd1_prec != i8 ||
      (c.opd0_h != 1 && c.opd0_str != Layout::aligned) || table < 256 || count != c.opd1_w) {
    return false;
  }
  const Shape shape{c.res0_n, c.res0_c, c.res0_h, c.res0_w};
  const TensorView result = aligned_view(c.res0_addr, i8, shape);
  const TensorView index = aligned_view(c.opd1_addr, i8, {shape.n, shape.c, 1, c.opd1_w});
  const TensorView source = shared_source(c, {1, shape.c, c.opd0_h, c.opd0_w});
  check_view(result, "res0");
  check_view(index, "opd1");
  check_view(source, "opd0");
  if (may_touch(result, source) || (may_touch(result, index) && index.offset != result.offset)) return false;
  if (index.lane != result.lane && may_touch(result, index)) return false;
  std::uint8_t* local = job.memory.local().data();
  for_spans(result, job.lanes, true, [&](std::uint32_t n, std::uint32_t k, std::uint32_t, std::size_t) {
    const std::uint8_t* from = local + source.row(0, k, 0);
    const std::uint8_t* at = local + index.row(n, k, 0);
    std::uint8_t* to = local + result.row(n, k, 0);
    ops.look_up(to, at, from, count);
  });
  return true;
}

namespace {

// Lowest and end address, to tell whether two sides share memory.
bool may_touch(const DmaSide& a, const DmaSide& b) {
  const auto [a_first, a_end] = a.range();
  const auto [b_first, b_end] = b.range();
  return a_end > b_first && b_end > a_first;
}

void copy_row(std::uint8_t* to, std::uint64_t to_step, const std::uint8_t* from, std::uint64_t from_step,
              unsigned bytes, std::size_t count) {
  if (to_step == bytes && from_step == bytes) {
    std::memcpy(to, from, bytes * count);
    return;
  }
  const auto each = [&](auto element) {
    for (std::size_t i = 0; i < count; ++i) {
      std::memcpy(&element, from + i * from_step, sizeof element);
      std::memcpy(to + i * to_step, &element, sizeof element);
    }
  };
  bytes == 1 ? each(std::uint8_t{}) : bytes == 2 ? each(std::uint16_t{}) : each(std::uint32_t{});
}

}  // namespace

bool copy_tensor(const GdmaCommand& c, Memory& memory) {
  if (c.cmd_special_function != 0 || c.fill_constant_en || !c.nchw_copy) return false;
  const DmaSides sides = tensor_sides(c, memory);
  if (may_touch(sides.source, sides.destination)) return false;
  const DmaSide &from = sides.source, &to = sides.destination;
  const Shape& s = from.shape();
  for (std::uint32_t n = 0; n < s.n; ++n) {
    for (std::uint32_t k = 0; k < s.c; ++k) {
      if (!to.is_written(k, c.lane_mask())) continue;
      if (from.has_planes() && to.has_planes()) {
        std::memcpy(to.at(n, k, 0, 0), from.at(n, k, 0, 0), std::size_t{s.h} * s.w * from.bytes());
        continue;
      }
      for (std::uint32_t h = 0; h < s.h; ++h) {
        copy_row(to.at(n, k, h, 0), to.step(), from.at(n, k, h, 0), from.step(), from.bytes(), s.w);
      }
    }
  }
  return true;
}

bool copy_matrix(const GdmaCommand& c, Memory& memory) {
  if (c.cmd_special_function != 0) return false;
  const MatrixSides sides = matrix_sides(c, memory);
  if (may_touch(sides.flat, sides.folded)) return false;
  const std::size_t width = sides.folded.shape().w, bytes = sides.flat.bytes();
  for (std::uint32_t row = 0; row < sides.rows; ++row) {
    for (std::size_t column = 0; column < sides.columns; column += width) {
      const std::size_t run = std::min<std::size_t>(width, sides.columns - column) * bytes;
      std::uint8_t* folded = sides.folded.at(row, column / width, 0, 0);
      std::uint8_t* flat = sides.flat.at(0, 0, row, column);
      if (!sides.to_local) {
        std::memcpy(flat, folded, run);
      } else if (sides.folded.is_written(column / width, c.lane_mask())) {
        std::memcpy(folded, flat, run);
      }
    }
  }
  return true;
}

}  // namespace vnpu::bm1684x::kernels
