// TIU commands of the shapes a YOLOv5n at 224x320 and a MobileNetV2 are made of, on every level this CPU has.
//   kernels_bench --benchmark_filter=conv_int8
#include <benchmark/benchmark.h>

#include <string>
#include <vector>

#include "sim/cv18xx/execute.h"
#include "sim/cv18xx/recorded_commands.h"
#include "sim/cv18xx/tensor_view.h"

namespace vnpu::cv18xx {
namespace {

struct Shape {
  const char* name;
  std::uint32_t ic, ih, iw, oc, kernel, stride, pad;
};

constexpr Shape conv_shapes[] = {
    {"stem_6x6s2", 4, 14, 320, 16, 6, 2, 2},       {"3x3s2_16_32", 16, 17, 160, 32, 3, 2, 1},
    {"1x1_32_16", 32, 28, 80, 16, 1, 1, 0},        {"3x3_32", 32, 28, 40, 32, 3, 1, 1},
    {"1x1_128_32", 128, 15, 40, 32, 1, 1, 0},      {"3x3_64", 64, 14, 20, 64, 3, 1, 1},
    {"1x1_128_64", 128, 14, 20, 64, 1, 1, 0},      {"3x3s2_128_16", 128, 14, 20, 16, 3, 2, 1},
    {"3x3_128_small", 128, 7, 10, 64, 3, 1, 1},    {"1x1_256_128_small", 256, 7, 10, 128, 1, 1, 0},
    {"1x1_512_128_tiny", 512, 1, 1, 128, 1, 1, 0},
};
constexpr Shape depthwise_shapes[] = {{"3x3_large", 32, 28, 56, 32, 3, 1, 1},
                                      {"3x3s2_large", 32, 28, 56, 32, 3, 2, 1},
                                      {"3x3_small", 192, 14, 14, 192, 3, 1, 1},
                                      {"3x3_tiny", 480, 7, 7, 480, 3, 1, 1}};

// Operands one behind the other in each lane.
TiuCommand window_command(const Shape& s, bool bf16, bool depthwise, std::uint32_t lanes) {
  TiuCommand c;
  const std::uint32_t e = bf16 ? 2 : 1;
  c.cmd_en = 1;
  c.tsk_typ = depthwise ? tsk_pool : tsk_conv;
  c.tsk_eu_typ = depthwise ? pool_depthwise : 0u;
  c.opd_typ = bf16;
  c.opt_chl_quan = !bf16;
  c.tsk_opd_num = 3;
  c.opt_res_shift = 0;
  c.opt_res0_sign = c.opt_opd0_sign = c.opt_opd1_sign = c.opt_opd2_sign = 1;
  c.res0_n = c.opd0_n = 1;
  c.opd0_c = s.ic;
  c.opd0_h = s.ih;
  c.opd0_w = s.iw;
  c.res0_c = s.oc;
  c.res0_h = (s.ih + 2 * s.pad - s.kernel) / s.stride + 1;
  c.res0_w = (s.iw + 2 * s.pad - s.kernel) / s.stride + 1;
  c.opd1_n = depthwise ? 1 : s.ic;
  c.opd1_c = s.oc;
  c.opd1_h = c.opd1_w = s.kernel;
  c.opd2_n = c.opd2_h = c.opd2_w = 1;
  c.opd2_c = s.oc;
  c.conv_op_x_str = c.conv_op_y_str = s.stride;
  c.conv_opd0_up_pad = c.conv_opd0_dn_pad = c.conv_opd0_lf_pad = c.conv_opd0_rt_pad = s.pad;
  c.short_res0_str = c.short_opd0_str = stride_aligned;
  c.short_opd1_str = depthwise ? stride_aligned : stride_dense;
  c.short_opd2_str = stride_bias;
  const auto rows = [&](std::uint32_t channels) { return ceil_div(channels, lanes); };
  c.opd1_addr = static_cast<std::uint32_t>(rows(s.ic) * align_up(s.ih * s.iw * e, 16));
  const std::uint32_t weights = s.kernel * s.kernel * e;
  c.opd2_addr = c.opd1_addr + static_cast<std::uint32_t>(
                                  align_up(rows(s.oc) * (depthwise ? align_up(weights, 16) : s.ic * weights), 16));
  c.res0_addr = c.opd2_addr + static_cast<std::uint32_t>(align_up(rows(s.oc) * 9, 16));
  return c;
}

void run(benchmark::State& state, const TiuCommand& command, FillMode mode, SimdLevel level, double work) {
  Memory memory(chips()[0], 0);
  fill(memory.local(), mode, 1);
  try {
    for (auto _ : state) execute(command, memory, {{}, level});
  } catch (const std::exception& e) {
    state.SkipWithError(e.what());
    return;
  }
  state.counters["GMAC"] = benchmark::Counter(work * 1e-9 * static_cast<double>(state.iterations()),
                                              benchmark::Counter::kIsRate, benchmark::Counter::kIs1000);
}

void register_windows(const char* kind, const Shape& shape, bool bf16, bool depthwise, SimdLevel level) {
  const TiuCommand c = window_command(shape, bf16, depthwise, chips()[0].lanes);
  const double work = 1.0 * c.res0_c * c.res0_h * c.res0_w * c.opd1_h * c.opd1_w * (depthwise ? 1 : c.opd0_c);
  benchmark::RegisterBenchmark(
      (std::string(kind) + (bf16 ? "_bf16/" : "_int8/") + shape.name + "/" + name(level)).c_str(),
      [=](benchmark::State& state) { run(state, c, bf16 ? FillMode::bf16_middle : FillMode::bytes, level, work); });
}

void register_arith(const char* kind, ArithOp op, bool bf16, SimdLevel level) {
  TiuCommand c;
  const std::uint32_t e = bf16 ? 2 : 1, channels = 32, h = 28, w = 40;
  c.cmd_en = 1;
  c.tsk_typ = tsk_arith;
  c.tsk_eu_typ = op;
  c.opd_typ = bf16;
  c.tsk_opd_num = op == arith_copy ? 1 : 2;
  c.opt_res_shift = 0;
  c.opt_res_add = op == arith_mac;
  c.opt_opd0_sign = c.opt_opd1_sign = c.opt_res0_sign = op != arith_lut || bf16;
  c.res0_n = c.opd0_n = c.opd1_n = 1;
  c.res0_c = c.opd0_c = c.opd1_c = channels;
  c.res0_h = c.opd0_h = c.opd1_h = h;
  c.res0_w = c.opd0_w = c.opd1_w = w;
  c.short_res0_str = c.short_opd0_str = c.short_opd1_str = stride_registers;
  const auto sc = static_cast<std::uint32_t>(align_up(h * w * e, 16));
  const std::uint32_t sn = sc * channels / chips()[0].lanes;
  c.res0_n_str = c.opd0_n_str = c.opd1_n_str = c.res0_b_str = sn;
  c.res0_c_str = c.opd0_c_str = c.opd1_c_str = sc;
  c.res0_h_str = c.opd0_h_str = c.opd1_h_str = w * e;
  c.res0_w_str = c.opd0_w_str = c.opd1_w_str = e;
  c.opd1_addr = sn;
  c.res0_addr = 2 * sn;
  if (op == arith_mac && !bf16) c.opt_res0_seg = 0;
  if (op == arith_lut) {
    c.opt_opd2_seg = bf16;
    c.short_res0_str = c.short_opd0_str = c.short_opd1_str = stride_aligned;
    c.opd1_c = chips()[0].lanes;
    c.opd1_h = bf16 ? 32 : 16;
    c.opd1_w = bf16 ? 8 : 16;
  }
  benchmark::RegisterBenchmark(
      (std::string(kind) + (bf16 ? "_bf16/" : "_int8/") + name(level)).c_str(), [=](benchmark::State& state) {
        run(state, c, bf16 ? FillMode::bf16_middle : FillMode::bytes, level, 1.0 * channels * h * w);
      });
}

std::vector<SimdLevel> levels() {
  std::vector<SimdLevel> all{SimdLevel::scalar};
  if (best_simd_level() != SimdLevel::scalar) all.push_back(SimdLevel::avx2);
  if (best_simd_level() == SimdLevel::avx512) all.push_back(SimdLevel::avx512);
  return all;
}

}  // namespace
}  // namespace vnpu::cv18xx

int main(int argc, char** argv) {
  using namespace vnpu::cv18xx;
  for (const SimdLevel level : levels()) {
    for (const bool bf16 : {false, true}) {
      for (const Shape& shape : conv_shapes) register_windows("conv", shape, bf16, false, level);
      for (const Shape& shape : depthwise_shapes) register_windows("depthwise", shape, bf16, true, level);
      register_arith("mul", arith_mul, bf16, level);
      register_arith("mac", arith_mac, bf16, level);
      register_arith("max", arith_max, bf16, level);
      register_arith("lut", arith_lut, bf16, level);
    }
  }
  benchmark::Initialize(&argc, argv);
  benchmark::RunSpecifiedBenchmarks();
  return 0;
}
