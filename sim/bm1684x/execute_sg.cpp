// SG and SGL: gather and scatter of elements and of lines, in local memory.
#include <string>

#include "base/error.h"
#include "sim/bm1684x/sg_form.h"

namespace vnpu::bm1684x {
namespace {

Precision index_type(const TiuCommand& c) {
  if (c.opd1_prec != i8 && c.opd1_prec != i16) {
    throw Error(ErrorKind::fault, std::string("opd1_prec: index of ") + prec_name(c.opd1_prec));
  }
  return c.opd1_prec;
}

[[noreturn]] void index_outside(std::uint32_t index, std::uint32_t size) {
  throw Error(ErrorKind::fault, "index " + std::to_string(index) + " outside 0.." + std::to_string(size - 1));
}

// The same indices for all channels: R(n, c, j) = A(n, c, index(j)).
void gather_per_command(const TiuJob& job) {
  const TiuCommand& c = job.command;
  const bool pairs = c.tsk_eu_typ == 1;
  const Precision type = index_type(c);
  if (pairs && type != i16) throw Error(ErrorKind::fault, "opd1_prec: index of i8");
  const Shape shape{c.res0_n, c.res0_c, c.res0_h, c.res0_w};
  const Shape from{c.res0_n, c.res0_c, pairs ? c.opd0_h : 1, c.opd0_w};
  const std::uint32_t count = shape.h * shape.w;
  if (c.opd1_c != count) throw Error(ErrorKind::fault, "opd1_c: not the number of results");
  const auto index = read(job.memory, compact_view(c.opd1_addr, type, {1, count, 1, pairs ? 2u : 1u}), "opd1");
  const auto a = read(job.memory, aligned_view(c.opd0_addr, c.res0_prec, from), "opd0");
  const TensorView result = aligned_view(c.res0_addr, c.res0_prec, shape);
  check_view(result, "res0");
  const std::size_t plane = std::size_t{from.h} * from.w;
  std::vector<std::uint32_t> values;
  values.reserve(shape.count());
  for (std::size_t first = 0; first < a.size(); first += plane) {
    for (std::uint32_t j = 0; j < count; ++j) {
      const std::uint32_t x = index[pairs ? 2 * j : j], y = pairs ? index[2 * j + 1] : 0;
      if (x >= from.w) index_outside(x, from.w);
      if (y >= from.h) index_outside(y, from.h);
      values.push_back(a[first + std::size_t{y} * from.w + x]);
    }
  }
  write(job.memory, result, values, job.lanes);
}

// Own indices for every channel: R(n, c, i) = A(c, index(n, c, i)).
void gather_per_element(const TiuJob& job) {
  const TiuCommand& c = job.command;
  const Shape shape{c.res0_n, c.res0_c, c.res0_h, c.res0_w};
  const Shape from{1, c.res0_c, c.opd0_h, c.opd0_w};
  const std::uint32_t plane = from.h * from.w;
  if (shape.h * shape.w != c.opd1_w) throw Error(ErrorKind::fault, "opd1_w: not the number of results");
  const auto index =
      read(job.memory, aligned_view(c.opd1_addr, index_type(c), {shape.n, shape.c, 1, c.opd1_w}), "opd1");
  const auto a = read(job.memory, shared_source(c, from), "opd0");
  const TensorView result = aligned_view(c.res0_addr, c.res0_prec, shape);
  check_view(result, "res0");
  std::vector<std::uint32_t> values;
  values.reserve(index.size());
  for (std::size_t i = 0; i < index.size(); ++i) {
    if (index[i] >= plane) index_outside(index[i], plane);
    values.push_back(a[i / c.opd1_w % shape.c * plane + index[i]]);
  }
  write(job.memory, result, values, job.lanes);
}

// R(n, c, index(n, c, i)) = A(c, i), i ascending; other elements keep their values.
void scatter_per_element(const TiuJob& job) {
  const TiuCommand& c = job.command;
  const Shape shape{c.res0_n, c.res0_c, c.res0_h, c.res0_w};
  const Shape from{1, c.res0_c, c.opd0_h, c.opd0_w};
  const std::uint32_t source_plane = from.h * from.w, plane = shape.h * shape.w;
  if (source_plane != c.opd1_w) throw Error(ErrorKind::fault, "opd1_w: not the number of sources");
  const auto index =
      read(job.memory, aligned_view(c.opd1_addr, index_type(c), {shape.n, shape.c, 1, c.opd1_w}), "opd1");
  const auto a = read(job.memory, shared_source(c, from), "opd0");
  const TensorView result = aligned_view(c.res0_addr, c.res0_prec, shape);
  auto values = read(job.memory, result, "res0");
  for (std::size_t i = 0; i < index.size(); ++i) {
    if (index[i] >= plane) index_outside(index[i], plane);
    const std::size_t row = i / c.opd1_w;
    values[row * plane + index[i]] = a[row % shape.c * source_plane + i % c.opd1_w];
  }
  write(job.memory, result, values, job.lanes);
}

}  // namespace

void execute_sg(const TiuJob& job) {
  const TiuCommand& c = job.command;
  if (c.opd0_prec != c.res0_prec) throw Error(ErrorKind::fault, "opd0_prec differs from res0_prec");
  switch (c.tsk_eu_typ) {
    case 0:
    case 1: return gather_per_command(job);
    case 5:
    case 13: return gather_per_element(job);
    case 6:
    case 14: return scatter_per_element(job);
    default: throw Error(ErrorKind::unsupported, "operation " + std::to_string(c.tsk_eu_typ));
  }
}

// Whole lines: R(n, c, j, :) = A(c, index(n, c, j), :) or R(n, c, index(n, c, j), :) = A(c, j, :).
void execute_sgl(const TiuJob& job) {
  const TiuCommand& c = job.command;
  const bool scatter = c.tsk_eu_typ == 18;
  if (c.tsk_eu_typ != 17 && !scatter) throw Error(ErrorKind::unsupported, "operation " + std::to_string(c.tsk_eu_typ));
  const Shape shape{c.res0_n, c.res0_c, c.res0_h, c.res0_w}, from{1, c.res0_c, c.opd0_h, c.res0_w};
  const std::uint32_t count = scatter ? from.h : shape.h, limit = scatter ? shape.h : from.h;
  TensorView source = line_view(c.opd0_addr, c.res0_prec, from);
  if (c.opd0_str == 4) source.strides.c = 0;
  if (c.opd0_str != 3 && c.opd0_str != 4) {
    throw Error(ErrorKind::unsupported, "opd0_str: layout " + std::to_string(c.opd0_str));
  }
  const auto index = read(job.memory, aligned_view(c.opd1_addr, index_type(c), {shape.n, shape.c, count, 1}), "opd1");
  const auto a = read(job.memory, source, "opd0");
  const TensorView result = line_view(c.res0_addr, c.res0_prec, shape);
  auto values = read(job.memory, result, "res0");
  for (std::size_t i = 0; i < index.size(); ++i) {
    if (index[i] >= limit) index_outside(index[i], limit);
    const std::size_t row = i / count, line = i % count;
    const std::size_t to = row * shape.h + (scatter ? index[i] : line);
    const std::size_t at = row % shape.c * from.h + (scatter ? line : index[i]);
    for (std::uint32_t w = 0; w < shape.w; ++w) values[to * shape.w + w] = a[at * shape.w + w];
  }
  write(job.memory, result, values, job.lanes);
}

}  // namespace vnpu::bm1684x
