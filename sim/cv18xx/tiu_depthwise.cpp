// Depthwise convolution: res0 (n, c, oh, ow) = opd0 (n, c, ih, iw) * opd1 (c, kh, kw) [+ opd2].
#include "sim/cv18xx/requantise.h"
#include "sim/cv18xx/tiu_job.h"

namespace vnpu::cv18xx {
namespace {

// weights [c][kh][kw], or one constant with weight_step 0. Not inlined: called within a RoundTowardZero scope.
template <class T>
[[gnu::noinline]] void convolve(const TensorView& in, const TensorView& out, const Window& window,
                                const std::vector<T>& cells, T inserted, const std::vector<T>& weights,
                                std::size_t weight_step, std::vector<T>& acc) {
  std::size_t at = 0;
  for (std::size_t plane = 0; plane < std::size_t{out.n} * out.c; ++plane) {
    for (std::size_t oy = 0; oy < out.h; ++oy) {
      for (std::size_t ox = 0; ox < out.w; ++ox, ++at) {
        T sum = 0;
        const T* weight = weights.data() + plane % out.c * window.cells() * weight_step;
        for (std::int64_t ky = 0; ky < window.y.kernel; ++ky) {
          const std::int64_t y = window.y.source(oy, ky);
          for (std::int64_t kx = 0; kx < window.x.kernel; ++kx, weight += weight_step) {
            const std::int64_t x = window.x.source(ox, kx);
            sum = multiply_add(sum, y < 0 || x < 0 ? inserted : cells[(plane * in.h + y) * in.w + x], *weight);
          }
        }
        acc[at] = sum;
      }
    }
  }
}

void check(const TiuJob& job) {
  const TiuCommand& c = job.command;
  if (c.opd_typ == 0) job.require_signs();
  if (c.tsk_opd_num == 3) job.require_bias();
  job.require(c.opd_typ || c.tsk_opd_num >= 2, "tsk_opd_num must be 2 or 3");
  job.require(c.short_opd2_str != stride_registers || !job.quirks.bias_plane_computed, "short_opd2_str must not be 3");
  job.require_supported(!c.opt_chl_quan || c.opd_typ == 0, "opt_chl_quan must be 0 for bf16");
  job.require(c.short_nchwstr_same == 0, "short_nchwstr_same must be 0");
  job.require(c.opt_opd1_const || c.opt_opd1_sign == 1, "opt_opd1_sign must be 1");
  job.require(c.opt_rshift_typ == 1, "opt_rshift_typ must be 1");
  job.require(!c.opt_chl_quan || c.short_opd2_str == stride_bias, "short_opd2_str must be 2 with opt_chl_quan");
  job.require(c.opt_opd2_sign == 1, "opt_opd2_sign must be 1");
  job.require(c.short_res0_str != stride_registers || c.res0_n_str % eu_num == 0,
              "res0_n_str must be a multiple of 16");
  job.require(c.opd1_n == 1, "opd1_n must be 1");
  job.require(c.opd1_c == c.res0_c, "opd1_c is not res0_c");
  job.require(c.short_res0_str == stride_aligned || c.short_res0_str == stride_registers,
              "short_res0_str must be 0 or 3");
  job.require(c.short_opd0_str == c.short_res0_str, "short_opd0_str must be short_res0_str");
  job.require(c.short_opd1_str == stride_aligned, "short_opd1_str must be 0");
  job.require(c.opd0_n == c.res0_n, "opd0_n and res0_n differ");
  job.require(c.opd0_c == c.res0_c, "opd0_c and res0_c differ");
}

}  // namespace

WindowOperands checked_depthwise(const TiuJob& job) {
  const TiuCommand& c = job.command;
  check(job);
  Window window = read_window(job, true, false);
  if (c.opt_chl_quan && job.quirks.depthwise_qdm_no_dilation) {
    // Quirk: the sizes were checked with the dilation; the multiply reads the kernel's cells side by side.
    window.y.dilation = window.x.dilation = 1;
  }
  TensorView kernels = job.opd1();
  kernels.n = 1;
  kernels.c = c.res0_c;
  apply_stride_code(kernels, stride_aligned);
  const WindowOperands operands{window, job.opd0(), job.res0(), kernels};
  require_inside(operands.out, 1, job.operation);
  require_inside(operands.in, 1, job.operation);
  job.require_work(operands.out.count(), window.cells(), 1);
  if (!c.opt_opd1_const) require_inside(kernels, 1, job.operation);
  return operands;
}

void execute_depthwise(const TiuJob& job) {
  const TiuCommand& c = job.command;
  const auto [window, in, out, kernels] = checked_depthwise(job);
  const std::size_t weight_step = c.opt_opd1_const ? 0 : 1;

  if (c.opd_typ == 0) {
    const auto cells = job.load_int(in, 1, c.opt_opd0_sign);
    const auto weights = c.opt_opd1_const ? std::vector<std::int32_t>{sign_extend(c.opd1_addr, 8, c.opt_opd1_sign)}
                                          : job.load_int(kernels, 1, c.opt_opd1_sign);
    std::vector<std::int32_t> acc(out.count());
    convolve(in, out, window, cells, job.insert_int(), weights, weight_step, acc);
    finish_channels(job, out, acc);
  } else {
    const auto cells = job.load_bf16s(in);
    const auto weights = c.opt_opd1_const ? std::vector<float>{load_bf16(static_cast<std::uint16_t>(c.opd1_addr))}
                                          : job.load_bf16s(kernels);
    std::vector<float> acc(out.count());
    {
      const RoundTowardZero scope;
      convolve(in, out, window, cells, job.insert_float(), weights, weight_step, acc);
    }
    finish_channels(job, out, acc);
  }
}

}  // namespace vnpu::cv18xx
