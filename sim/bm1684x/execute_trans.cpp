// TRANS and BC: transposes between lanes and columns, copies between lanes, constants from static memory.
#include <string>

#include "base/error.h"
#include "sim/bm1684x/law.h"

namespace vnpu::bm1684x {
namespace {

// R(n, c, h, w) = A(n, w, h, c).
void transpose(const TiuJob& job) {
  const TiuCommand& c = job.command;
  const Shape shape{c.res0_n, c.res0_c, c.res0_h, c.res0_w}, from{c.res0_n, c.res0_w, c.res0_h, c.res0_c};
  if (c.opd0_c != c.res0_w || c.opd0_w != c.res0_c) throw Error(ErrorKind::fault, "opd0_c, opd0_w: not the result's");
  const bool cw = c.tsk_eu_typ == 0;
  const TensorView source = aligned_view(c.opd0_addr, c.res0_prec, from);
  const TensorView result =
      cw ? line_view(c.res0_addr, c.res0_prec, shape) : aligned_view(c.res0_addr, c.res0_prec, shape);
  const auto a = read(job.memory, source, "opd0");
  std::vector<std::uint32_t> values;
  values.reserve(a.size());
  for (std::uint32_t n = 0; n < shape.n; ++n) {
    for (std::uint32_t k = 0; k < shape.c; ++k) {
      for (std::uint32_t h = 0; h < shape.h; ++h) {
        for (std::uint32_t w = 0; w < shape.w; ++w) {
          values.push_back(a[((std::size_t{n} * shape.w + w) * shape.h + h) * shape.c + k]);
        }
      }
    }
  }
  write(job.memory, result, values, job.lanes);
}

// To other lanes: all channels, or one channel to all.
void copy_lanes(const TiuJob& job) {
  const TiuCommand& c = job.command;
  const Shape shape{c.res0_n, c.res0_c, c.res0_h, c.res0_w};
  TensorView source = aligned_view(c.opd0_addr, c.res0_prec, shape);
  std::vector<std::uint32_t> values;
  if (c.tsk_eu_typ == 2) {
    values = read(job.memory, source, "opd0");
  } else {
    const auto one = read(job.memory, aligned_view(c.opd0_addr, c.res0_prec, {shape.n, 1, shape.h, shape.w}), "opd0");
    if (shape.count() > element_limit) check_view(source, "opd0");
    const std::size_t plane = std::size_t{shape.h} * shape.w;
    for (std::uint32_t n = 0; n < shape.n; ++n) {
      for (std::uint32_t k = 0; k < shape.c; ++k) {
        values.insert(values.end(), one.begin() + static_cast<std::ptrdiff_t>(n * plane),
                      one.begin() + static_cast<std::ptrdiff_t>((n + 1) * plane));
      }
    }
  }
  write(job.memory, aligned_view(c.res0_addr, c.res0_prec, shape), values, job.lanes);
}

// From static memory: the same list to every channel, or one entry to each.
void copy_static(const TiuJob& job) {
  const TiuCommand& c = job.command;
  const bool distribute = c.tsk_eu_typ == 5;
  const unsigned bytes = bytes_of(c.res0_prec);
  const std::uint32_t count = distribute ? c.res0_c : c.res0_w;
  const auto source = job.memory.range(static_base + (c.opd0_addr & 0xFFFF), std::uint64_t{count} * bytes);
  const Shape shape{1, c.res0_c, 1, distribute ? 1 : c.res0_w};
  if (c.res0_n != 1 || c.res0_h != 1 || (distribute && c.res0_w != 1)) {
    throw Error(ErrorKind::fault, "res0: more than one row of static memory");
  }
  const TensorView result =
      distribute ? compact_view(c.res0_addr, c.res0_prec, shape) : aligned_view(c.res0_addr, c.res0_prec, shape);
  check_view(result, "res0");
  std::vector<std::uint32_t> values;
  for (std::size_t i = 0; i < shape.count(); ++i) {
    values.push_back(load_element(source.data() + (distribute ? i : i % count) * bytes, bytes));
  }
  write(job.memory, result, values, job.lanes);
}

}  // namespace

void execute_trans(const TiuJob& job) {
  switch (job.command.tsk_eu_typ) {
    case 0:
    case 1: return transpose(job);
    case 2:
    case 3: return copy_lanes(job);
    case 4:
    case 5: return copy_static(job);
    default: throw Error(ErrorKind::unsupported, "operation " + std::to_string(job.command.tsk_eu_typ));
  }
}

}  // namespace vnpu::bm1684x
