// PorD: planes become cells once; blocks of results gather their taps, all channels of a block in turn.
#include <algorithm>
#include <cstring>

#include "sim/bm1684x/kernels/kernels.h"
#include "sim/bm1684x/kernels/spans.h"
#include "sim/bm1684x/kernels/window_map.h"
#include "sim/bm1684x/pord_form.h"

namespace vnpu::bm1684x::kernels {
namespace {

constexpr std::size_t tap_limit = 4096;  // more need more room than a block is worth

struct PorD {
  const TiuJob& job;
  const TiuCommand& c;
  const PordForm& form;
  const KernelOps& ops;
  std::int32_t* planes;  // of one batch
  std::int32_t* cells;   // taps x block
  std::int32_t* staged;  // results: words of n, c, h, w
};

std::uint32_t widen_word(const PorD& v, std::uint32_t raw) {
  switch (v.c.opd0_prec) {
    case f32: return raw;
    case f16: return f16_to_f32(static_cast<std::uint16_t>(raw));
    case bf16: return bf16_to_f32(static_cast<std::uint16_t>(raw));
    default: return static_cast<std::uint32_t>(extend(raw, 8, v.c.opd0_sign));
  }
}

void load_planes(const PorD& v, std::uint32_t n) {
  const Shape& s = v.form.from;
  const std::size_t size = std::size_t{s.h} * s.w;
  const std::uint8_t* local = v.job.memory.local().data();
  for (std::uint32_t k = 0; k < s.c; ++k) {
    const std::uint8_t* from = local + v.form.input.row(n, k, 0);
    std::int32_t* to = v.planes + k * size;
    switch (v.c.opd0_prec) {
      case f32: std::memcpy(to, from, 4 * size); break;
      case f16: v.ops.gemm.widen_f16(reinterpret_cast<float*>(to), from, size); break;
      default: v.ops.elements.widen_bytes(to, from, v.c.opd0_sign, size); break;
    }
  }
}

// One block of one channel: cells to words of results. True: the law must decide.
bool run_integers(const PorD& v, std::uint32_t k, std::size_t count, std::int32_t* out) {
  const std::size_t taps = v.form.taps();
  alignas(64) std::int32_t sums[block];
  alignas(64) std::int64_t wide[block];
  const ElementOps& ops = v.ops.elements;
  if (v.c.tsk_eu_typ == PordForm::maximum) {
    std::fill_n(out, count, v.c.opd0_sign ? -128 : 0);
    ops.most_of_taps(out, v.cells, taps, block, count);
    return false;
  }
  std::int32_t weights[tap_limit];
  const bool average = v.c.tsk_eu_typ == PordForm::average;
  for (std::size_t t = 0; t < taps; ++t) {
    const std::uint32_t raw = v.form.weights[k * taps + t];
    weights[t] = static_cast<std::int32_t>(average ? raw & 0xFF : extend(raw, 8, v.c.opd1_sign));
  }
  std::fill_n(sums, block, average ? 0 : static_cast<std::int32_t>(v.form.bias[k]));
  ops.add_taps(sums, v.cells, weights, taps, block, count);
  const bool any_sign = v.c.opd0_sign || v.c.opd1_sign || v.c.opd2_sign;
  const auto* bytes = reinterpret_cast<const std::uint8_t*>(sums);
  ops.load_integers(wide, bytes, 4, average || any_sign, count);
  const unsigned bits = bits_of(v.c.res0_prec);
  const bool relu = v.c.tsk_eu_typ == PordForm::depthwise_relu;
  const bool is_signed = average ? v.c.opd0_sign != 0 : any_sign && !relu;
  if (relu) ops.clamp(wide, 0, INT64_MAX, count);
  const std::uint32_t by = average ? v.c.opd2_addr : v.c.res1_addr >> 8 & 0xFF;
  ops.shift(wide, -static_cast<int>(std::min(by, 63u)), average ? 5 : v.c.opd2_n_str & 7, count);
  if (average || bits != 32) {
    const std::int64_t high = (std::int64_t{1} << (is_signed ? bits - 1 : bits)) - 1;
    ops.clamp(wide, is_signed ? -high - 1 : 0, high, count);
  }
  ops.store_integers(reinterpret_cast<std::uint8_t*>(out), wide, 4, count);
  return false;
}

bool run_floats(const PorD& v, std::uint32_t k, std::size_t count, std::int32_t* result) {
  const std::size_t taps = v.form.taps();
  auto* out = reinterpret_cast<float*>(result);
  const auto* cells = reinterpret_cast<const float*>(v.cells);
  const ElementOps& ops = v.ops.elements;
  if (v.c.tsk_eu_typ == PordForm::maximum) {
    std::fill_n(out, count, as_float(v.c.opd0_prec == f32 ? F32::lowest : f16_to_f32(F16::lowest)));
    if (ops.most_of_float_taps(out, cells, taps, block, count)) return true;
    if (v.c.opd0_prec == f32) ops.flush(out, count);
    return false;
  }
  float weights[tap_limit];
  for (std::size_t t = 0; t < taps; ++t) weights[t] = as_float(widen_word(v, v.form.weights[k * taps + t]));
  const bool average = v.c.tsk_eu_typ == PordForm::average;
  const bool second_first = !average && PordForm::has_bias(v.c);
  alignas(64) float sums[2][block];
  std::fill_n(sums[0], block, average ? -0.0f : as_float(widen_word(v, v.form.bias[k])));
  std::fill_n(sums[1], block, average ? -0.0f : 0.0f);
  if (v.c.opd0_prec == f16) {
    const bool nan = ops.add_f16_taps(sums[0], sums[1], cells, weights, taps, block, count, second_first);
    std::copy_n(sums[0], count, out);
    return nan;
  }
  const Chunk chunk{v.cells, reinterpret_cast<const std::int32_t*>(weights), 1, taps, count};
  v.ops.gemm.add_floats(chunk, sums[second_first], sums[!second_first]);
  return std::copy_n(sums[0], count, out), ops.combine_floats(out, sums[1], Combine::add, false, count);
}

void store(const PorD& v) {
  const Shape& to = v.form.to;
  const std::size_t size = std::size_t{to.h} * to.w;
  std::uint8_t* local = v.job.memory.local().data();
  for (std::uint32_t n = 0; n < to.n; ++n) {
    for (std::uint32_t k = 0; k < to.c; ++k) {
      if (!(v.job.lanes >> ((v.form.result.lane + k) % lane_count) & 1)) continue;
      const std::int32_t* from = v.staged + (std::size_t{n} * to.c + k) * size;
      std::uint8_t* out = local + v.form.result.row(n, k, 0);
      if (v.c.res0_prec == f16) {
        v.ops.gemm.narrow_f16(out, reinterpret_cast<const float*>(from), size);
      } else if (v.form.result.bytes == 4) {
        std::memcpy(out, from, 4 * size);
      } else {
        store_row(out, reinterpret_cast<const std::uint32_t*>(from), v.form.result.bytes, v.form.result.bytes, size);
      }
    }
  }
}

}  // namespace

bool execute_pord(const TiuJob& job, const KernelOps& ops) {
  const TiuCommand& c = job.command;
  if (c.opd0_prec == bf16) return false;
  const PordForm form = make_pord_form(job);
  const std::size_t taps = form.taps();
  if (taps > tap_limit) return false;
  Workspace& workspace = job.memory.workspace();
  workspace.reset();
  const std::size_t plane = std::size_t{form.from.h} * form.from.w, results = std::size_t{form.to.h} * form.to.w;
  const PorD v{job,
               c,
               form,
               ops,
               workspace.take<std::int32_t>(form.from.c * plane),
               workspace.take<std::int32_t>(taps * block),
               workspace.take<std::int32_t>(form.to.count())};
  WindowMap map(form.window);
  for (std::uint32_t n = 0; n < form.to.n; ++n) {
    load_planes(v, n);
    for (std::size_t first = 0; first < results; first += block) {
      const std::size_t count = std::min(block, results - first);
      map.place(first, count);
      for (std::uint32_t k = 0; k < form.to.c; ++k) {
        const auto padding = static_cast<std::int32_t>(widen_word(v, form.fill.padding(k)));
        const auto inserted = static_cast<std::int32_t>(widen_word(v, form.fill.inserted(k)));
        for (std::size_t t = 0; t < taps; ++t)
          map.pack(t, v.planes + k * plane, padding, inserted, v.cells + t * block);
        std::int32_t* out = v.staged + (std::size_t{n} * form.to.c + k) * results + first;
        if (c.opd0_prec == i8 ? run_integers(v, k, count, out) : run_floats(v, k, count, out)) return false;
      }
    }
  }
  store(v);
  return true;
}

}  // namespace vnpu::bm1684x::kernels
