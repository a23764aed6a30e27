// Convolution: res0 (n, oc, oh, ow) = opd0 (n, ic, ih, iw) * opd1 (oc, kh, kw, ic) [+ partial sums] [+ opd2].
#include "sim/cv18xx/requantise.h"
#include "sim/cv18xx/tiu_job.h"

namespace vnpu::cv18xx {
namespace {

template <class T>
struct Operands {
  std::vector<T> cells;     // [n][ih][iw][ic]
  std::vector<T> inserted;  // ic times the insert value
  std::vector<T> weights;   // [oc][kh][kw][ic]; a constant: ic times the constant, with weight_step 0
  std::size_t weight_step;  // from one kernel cell to the next
};

// acc [n][oc][oh][ow] += sum over ky, kx, i in this order. Not inlined: called within a RoundTowardZero scope.
template <class T>
[[gnu::noinline]] void convolve(const TensorView& in, const TensorView& out, const Window& window,
                                const Operands<T>& operands, std::vector<T>& acc) {
  const std::size_t ic = in.c;
  std::size_t at = 0;
  for (std::size_t n = 0; n < out.n; ++n) {
    for (std::size_t o = 0; o < out.c; ++o) {
      for (std::size_t oy = 0; oy < out.h; ++oy) {
        for (std::size_t ox = 0; ox < out.w; ++ox, ++at) {
          T sum = acc[at];
          const T* weight = operands.weights.data() + o * window.cells() * operands.weight_step;
          for (std::int64_t ky = 0; ky < window.y.kernel; ++ky) {
            const std::int64_t y = window.y.source(oy, ky);
            for (std::int64_t kx = 0; kx < window.x.kernel; ++kx, weight += operands.weight_step) {
              const std::int64_t x = window.x.source(ox, kx);
              const T* cell =
                  y < 0 || x < 0 ? operands.inserted.data() : operands.cells.data() + ((n * in.h + y) * in.w + x) * ic;
              for (std::size_t i = 0; i < ic; ++i) sum = multiply_add(sum, cell[i], weight[i]);
            }
          }
          acc[at] = sum;
        }
      }
    }
  }
}

// [n][c][h][w] -> [n][h][w][c], so that the innermost sum runs over neighbours.
template <class T>
std::vector<T> channels_last(const TensorView& view, const std::vector<T>& values) {
  std::vector<T> result(values.size());
  const std::size_t hw = std::size_t{view.h} * view.w;
  std::size_t from = 0;
  for (std::size_t n = 0; n < view.n; ++n) {
    for (std::size_t c = 0; c < view.c; ++c) {
      for (std::size_t i = 0; i < hw; ++i) result[(n * hw + i) * view.c + c] = values[from++];
    }
  }
  return result;
}

void check(const TiuJob& job) {
  const TiuCommand& c = job.command;
  if (c.opd_typ == 0) job.require_signs();
  if (c.tsk_opd_num == 3) job.require_bias();
  job.require(c.opd_typ || c.tsk_opd_num >= 2, "tsk_opd_num must be 2 or 3");
  job.require(c.opt_res_add == 0, "opt_res_add must be 0");
  job.require(c.short_nchwstr_same == 0, "short_nchwstr_same must be 0");
  job.require(c.opt_opd0_seg && c.opt_opd1_seg && (c.opd_typ || c.opt_res0_seg),
              "opt_opd0_seg, opt_opd1_seg, opt_res0_seg must be 1");
  if (c.short_res0_str == stride_registers) {
    job.require(c.res0_n_str % eu_num == 0, "res0_n_str must be a multiple of 16");
  }
  job.require(c.short_opd2_str != stride_registers || !job.quirks.bias_plane_computed, "short_opd2_str must not be 3");
  if (c.opt_chl_quan) {
    job.require_supported(c.opd_typ == 0, "opt_chl_quan must be 0 for bf16");
    job.require(c.ps32_md <= 1, "ps32_md must be 0 or 1 with opt_chl_quan");
    job.require(c.opt_rshift_typ == 1, "opt_rshift_typ must be 1 with opt_chl_quan");
  } else {
    job.require(c.tsk_opd_num < 3 || c.opt_opd2_seg == 0, "opt_opd2_seg must be 0");
  }
  if (c.ps32_md & 2) {
    job.require(c.tsk_opd_num == 2, "tsk_opd_num must be 2 when partial sums are stored");
    job.require(c.opt_relu_typ == 0, "opt_relu_typ must be 0 when partial sums are stored");
    job.require(c.opt_res_shift == 0, "opt_res_shift must be 0 when partial sums are stored");
    job.require(c.cmd_pre_exe <= 1, "cmd_pre_exe must be 0 or 1 when partial sums are stored");
  }
  if (c.double_conv) {
    job.require(c.opd_typ == 0, "double_conv must be 0 for bf16");
    job.require(c.opd0_c % 2 == 0 && c.opd0_c >= 4, "double_conv needs an even opd0_c of 4 or more");
    job.require(c.opd0_addr % 2 == 0 && (c.opt_opd1_const || c.opd1_addr % 2 == 0), "double_conv needs even addresses");
  }
  job.require(c.short_res0_str == stride_aligned || c.short_res0_str == stride_registers,
              "short_res0_str must be 0 or 3");
  job.require(c.short_opd0_str == stride_aligned, "short_opd0_str must be 0");
  job.require(c.short_opd1_str == stride_dense, "short_opd1_str must be 1");
  job.require(c.opd0_n == c.res0_n, "opd0_n and res0_n differ");
  job.require(c.opd1_n == c.opd0_c, "opd1_n is not opd0_c");
  job.require(c.opd1_c == c.res0_c, "opd1_c is not res0_c");
}

// Weights of a channel lie side by side, [kh][kw][ic], and so do the channels of a lane.
TensorView weights_view(const TiuJob& job, const Window& window) {
  TensorView view = job.opd1();
  view.n = 1;
  view.h = static_cast<std::uint32_t>(window.cells());
  view.w = job.command.opd0_c;
  apply_stride_code(view, stride_dense);
  return view;
}

}  // namespace

WindowOperands checked_conv(const TiuJob& job) {
  check(job);
  const Window window = read_window(job, true, true);
  const WindowOperands operands{window, job.opd0(), job.res0(), weights_view(job, window)};
  require_inside(operands.out, 1, job.operation);
  require_inside(operands.in, 1, job.operation);
  job.require_work(operands.out.count(), window.cells(), operands.in.c);
  if (!job.command.opt_opd1_const) require_inside(operands.weights, 1, job.operation);
  return operands;
}

void execute_conv(const TiuJob& job) {
  const TiuCommand& c = job.command;
  const auto [window, in, out, weights] = checked_conv(job);
  const bool from_sums = c.ps32_md & 1;
  const bool to_sums = c.ps32_md & 2;

  if (c.opd_typ == 0) {
    Operands<std::int32_t> operands;
    operands.cells = channels_last(in, job.load_int(in, 1, c.opt_opd0_sign));
    operands.inserted.assign(in.c, job.insert_int());
    operands.weight_step = c.opt_opd1_const ? 0 : in.c;
    if (c.opt_opd1_const) {
      operands.weights.assign(in.c, sign_extend(c.opd1_addr, 8, c.opt_opd1_sign));
    } else {
      operands.weights = job.load_int(weights, 1, c.opt_opd1_sign);
    }
    std::vector<std::int32_t> acc(out.count(), 0);
    if (from_sums) acc = job.load_int(out, 4, true);
    convolve(in, out, window, operands, acc);
    if (to_sums) {
      job.store_int(out, 4, acc);
    } else {
      finish_channels(job, out, acc);
    }
  } else {
    Operands<float> operands;
    operands.cells = channels_last(in, job.load_bf16s(in));
    operands.inserted.assign(in.c, job.insert_float());
    operands.weight_step = c.opt_opd1_const ? 0 : in.c;
    if (c.opt_opd1_const) {
      operands.weights.assign(in.c, load_bf16(static_cast<std::uint16_t>(c.opd1_addr)));
    } else {
      operands.weights = job.load_bf16s(weights);
    }
    std::vector<float> acc(out.count(), 0.0f);
    if (from_sums) {
      const std::vector<std::uint32_t> words = job.load_words(out);
      for (std::size_t i = 0; i < acc.size(); ++i) acc[i] = load_conv_partial_sum(words[i], job.quirks);
    }
    {
      const RoundTowardZero scope;
      convolve(in, out, window, operands, acc);
    }
    if (to_sums) {
      job.store_partial_sums(out, acc);
    } else {
      finish_channels(job, out, acc);
    }
  }
}

}  // namespace vnpu::cv18xx
