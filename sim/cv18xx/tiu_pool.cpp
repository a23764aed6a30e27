// Max, min and average pool: res0 (n, c, oh, ow) from windows of opd1_h x opd1_w of opd0 (n, c, ih, iw).
#include <algorithm>

#include "sim/cv18xx/tiu_job.h"

namespace vnpu::cv18xx {
namespace {

// result[i] = the fold of step(running value, cell, whether it is the first) over the window, ky outer, kx inner.
// Not inlined: called within a RoundTowardZero scope.
template <class T, class Step>
[[gnu::noinline]] void fold_windows(const TensorView& in, const TensorView& out, const Window& window,
                                    const std::vector<T>& cells, T inserted, T start, Step step,
                                    std::vector<T>& result) {
  std::size_t at = 0;
  for (std::size_t plane = 0; plane < std::size_t{out.n} * out.c; ++plane) {
    for (std::size_t oy = 0; oy < out.h; ++oy) {
      for (std::size_t ox = 0; ox < out.w; ++ox, ++at) {
        T value = start;
        bool first = true;
        for (std::int64_t ky = 0; ky < window.y.kernel; ++ky) {
          const std::int64_t y = window.y.source(oy, ky);
          for (std::int64_t kx = 0; kx < window.x.kernel; ++kx) {
            const std::int64_t x = window.x.source(ox, kx);
            value = step(value, y < 0 || x < 0 ? inserted : cells[(plane * in.h + y) * in.w + x], first);
            first = false;
          }
        }
        result[at] = value;
      }
    }
  }
}

void check(const TiuJob& job) {
  const TiuCommand& c = job.command;
  job.require(c.short_opd1_str != stride_registers && c.short_opd2_str != stride_registers,
              "short_opd1_str and short_opd2_str must not be 3");
  job.require(c.opt_opd2_sign == 1, "opt_opd2_sign must be 1");
  job.require(c.opd_typ || c.opt_relu_typ <= 1, "opt_relu_typ must be 0 or 1");
  job.require(c.short_res0_str == stride_aligned, "short_res0_str must be 0");
  job.require(c.short_opd0_str == stride_aligned, "short_opd0_str must be 0");
  job.require(c.opd0_n == c.res0_n, "opd0_n and res0_n differ");
  job.require(c.opd0_c == c.res0_c, "opd0_c and res0_c differ");
  job.require(c.opt_res0_sign == c.opt_opd0_sign, "opt_res0_sign and opt_opd0_sign differ");
  if (c.tsk_eu_typ == pool_avg) {
    job.require(c.opt_opd1_const, "opt_opd1_const must be 1");
    job.require(c.opt_opd1_sign == 0, "opt_opd1_sign must be 0");
    job.require(c.opt_rshift_typ == 1, "opt_rshift_typ must be 1");
  } else {
    job.require(c.tsk_opd_num == 1, "tsk_opd_num must be 1");
    job.require(c.opt_res_shift == 0, "opt_res_shift must be 0");
    job.require(!c.opd_typ || !c.opt_chl_quan, "opt_chl_quan must be 0 for bf16");
  }
}

}  // namespace

WindowOperands checked_pool(const TiuJob& job) {
  check(job);
  WindowOperands operands{read_window(job, false, false), job.opd0(), job.res0(), {}};
  // Max and min pool know no inserted cells (only the result's size counts them).
  if (job.command.tsk_eu_typ != pool_avg) operands.window.y.gap = operands.window.x.gap = 1;
  require_inside(operands.out, 1, job.operation);
  require_inside(operands.in, 1, job.operation);
  job.require_work(operands.out.count(), operands.window.cells(), 1);
  return operands;
}

void execute_pool(const TiuJob& job) {
  const TiuCommand& c = job.command;
  const auto [window, in, out, no_weights] = checked_pool(job);
  const bool is_max = c.tsk_eu_typ == pool_max;

  if (c.opd_typ == 0) {
    const auto cells = job.load_int(in, 1, c.opt_opd0_sign);
    const std::int32_t inserted = job.insert_int();
    std::vector<std::int32_t> result(out.count());
    if (c.tsk_eu_typ == pool_avg) {
      const std::int32_t factor = c.opd1_addr & 0xFF;
      const auto add = [&](std::int32_t sum, std::int32_t cell, bool) { return wrap_add(sum, cell * factor); };
      fold_windows(in, out, window, cells, inserted, 0, add, result);
      for (std::int32_t& v : result) v = sat8(rshift(v, c.opt_res_shift, true), c.opt_opd0_sign);
    } else {
      // Quirk: the insert value takes part in every window, padded or not.
      const bool from_insert = job.quirks.int8_pool_starts_at_insert;
      const auto pick = [&](std::int32_t best, std::int32_t cell, bool first) {
        if (first && !from_insert) return cell;
        return is_max ? std::max(best, cell) : std::min(best, cell);
      };
      fold_windows(in, out, window, cells, inserted, inserted, pick, result);
    }
    job.store_int(out, 1, result);
    return;
  }

  const auto cells = job.load_bf16s(in);
  std::vector<float> result(out.count());
  if (c.tsk_eu_typ == pool_avg) {
    const float factor = load_bf16(static_cast<std::uint16_t>(c.opd1_addr));
    const auto add = [&](float sum, float cell, bool) { return fp32_add(sum, fp32_multiply(cell, factor)); };
    const RoundTowardZero scope;
    fold_windows(in, out, window, cells, job.insert_float(), 0.0f, add, result);
  } else {
    const auto pick = [&](float best, float cell, bool first) {
      if (first || is_nan(cell)) return cell;
      if (is_nan(best)) return best;
      return is_max ? std::max(best, cell) : std::min(best, cell);
    };
    fold_windows(in, out, window, cells, load_bf16(static_cast<std::uint16_t>(c.opd0_ins_val)), 0.0f, pick, result);
  }
  job.store_bf16s(out, result, false);
}

}  // namespace vnpu::cv18xx
