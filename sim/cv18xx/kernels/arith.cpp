// Tensor arithmetic and lookup tables: operands to dense buffers, one loop, results back.
#include <algorithm>
#include <cstring>

#include "sim/cv18xx/kernels/job.h"

namespace vnpu::cv18xx::kernels {
namespace {

bool arith_int(const KernelJob& k) {
  const TiuCommand& c = k.command();
  IntOpJob job;
  switch (c.tsk_eu_typ) {
    case arith_mul: job.op = IntOp::mul; break;
    case arith_mac: job.op = IntOp::mac; break;
    case arith_max: job.op = IntOp::max; break;
    case arith_min: job.op = IntOp::min; break;
    case arith_and: job.op = IntOp::bit_and; break;
    case arith_or: job.op = IntOp::bit_or; break;
    case arith_xor: job.op = IntOp::bit_xor; break;
    case arith_copy: job.op = IntOp::bit_or; break;  // with the constant 0
    default: return false;
  }
  const bool is_copy = c.tsk_eu_typ == arith_copy, is_mac = c.tsk_eu_typ == arith_mac;
  const bool shifts = is_mac || c.tsk_eu_typ == arith_mul;
  const bool qdm = c.tsk_eu_typ == arith_mul && c.opt_chl_quan;
  const bool wide_result = c.opt_res0_seg == 0;
  if (c.opt_opd0_seg == 0 || (!is_copy && c.opt_opd1_seg == 0)) return false;
  if (is_mac && c.opt_left_shift > 14) return false;
  if (shifts && !qdm && c.opt_res_shift >= 32) return false;
  check_arith(k.job);

  job.x_signed = c.opt_opd0_sign;
  job.y_signed = c.opt_opd1_sign;
  job.z_signed = c.opt_res0_sign;
  job.left = static_cast<std::int32_t>(c.opt_left_shift);
  job.integer.kind = Finish::shift;
  job.integer.round = c.opt_rshift_typ;
  if (qdm) {
    job.integer.kind = Finish::qdm;
    if (!channel_finish(k, {0, c.quan_m, c.opt_res_shift}, job.finish)) return false;
  } else if (shifts) {
    job.finish.right = static_cast<std::int32_t>(c.opt_res_shift);
  }
  const std::int32_t bits = wide_result ? 16 : 8;
  job.integer.low = c.opt_res0_sign ? -(1 << (bits - 1)) : 0;
  job.integer.high = c.opt_res0_sign ? (1 << (bits - 1)) - 1 : (1 << bits) - 1;
  if (shifts && c.opt_relu_typ == 1) job.integer.low = 0;

  const TensorView result = k.job.res0();
  const std::size_t count = result.count();
  job.count = count;
  if (wide_result || is_mac) require_inside(result, 2, k.job.operation);
  const auto dense = [&](const TensorView& view, unsigned plane) {
    auto* out = k.workspace.take<std::uint8_t>(count);
    gather_dense(k, view, out, plane);
    return out;
  };
  job.x = dense(k.job.opd0(), 0);
  if (c.opt_opd1_const) {
    job.constant = is_copy ? 0 : sign_extend(c.opd1_addr, 8, c.opt_opd1_sign);
  } else if (!is_copy) {
    job.y = dense(k.job.opd1(), 0);
  }
  if (is_mac) {
    job.z_low = dense(result, 0);
    job.z_high = dense(result, 1);
  }
  job.result_low = k.workspace.take<std::uint8_t>(count);
  job.result_high = wide_result ? k.workspace.take<std::uint8_t>(count) : nullptr;
  k.ops.int_op(job);
  scatter_dense(k, result, job.result_low, 0);
  if (wide_result) scatter_dense(k, result, job.result_high, 1);
  return true;
}

bool arith_float(const KernelJob& k) {
  const TiuCommand& c = k.command();
  if (!k.job.quirks.bf16_overflow_positive || !k.job.quirks.bf16_copy_rounds) return false;
  FloatOpJob job;
  switch (c.tsk_eu_typ) {
    case arith_mul: job.op = FloatOp::mul; break;
    case arith_mac: job.op = FloatOp::mac; break;
    case arith_add: job.op = FloatOp::add; break;
    case arith_sub: job.op = FloatOp::sub; break;
    case arith_max: job.op = FloatOp::max; break;
    case arith_min: job.op = FloatOp::min; break;
    case arith_copy: job.op = FloatOp::copy; break;
    default: return false;
  }
  check_arith(k.job);
  const TensorView result = k.job.res0();
  job.count = result.count();
  job.relu = c.opt_relu_typ == 1 && c.tsk_eu_typ <= arith_add;
  job.constant = static_cast<std::uint16_t>(c.opd1_addr);
  const auto dense = [&](const TensorView& view) {
    auto* out = k.workspace.take<std::uint16_t>(job.count);
    gather_dense(k, view, out);
    return out;
  };
  job.x = dense(k.job.opd0());
  if (c.tsk_eu_typ != arith_copy && !c.opt_opd1_const) job.y = dense(k.job.opd1());
  if (c.tsk_eu_typ == arith_mac) job.z = dense(result);
  job.result = k.workspace.take<std::uint16_t>(job.count);
  {
    const FloatScope scope;
    k.ops.float_op(job);
  }
  scatter_dense(k, result, job.result);
  return true;
}

}  // namespace

bool arith(const KernelJob& k) { return k.command().opd_typ == 0 ? arith_int(k) : arith_float(k); }

bool lut(const KernelJob& k) {
  const TiuCommand& c = k.command();
  check_lut(k.job);
  const TensorView in = k.job.opd0(), out = k.job.res0(), table = k.job.opd1();
  // Quirk: the table of a channel is rotated by the 64 KiB page of the result.
  const std::uint32_t rotation = k.job.quirks.lut_channel_rotation ? c.res0_addr >> 16 : 0;
  const std::size_t count = out.count(), plane = std::size_t{out.h} * out.w;
  const auto for_each_plane = [&](auto* values, auto&& look_up) {
    gather_dense(k, in, values);
    for (std::uint32_t n = 0; n < out.n; ++n) {
      for (std::uint32_t channel = 0; channel < out.c; ++channel, values += plane) {
        look_up(values, k.at(table.channel((channel + rotation) % k.job.lanes)));
      }
    }
    scatter_dense(k, out, values - count);
  };
  if (c.opd_typ == 0) {
    for_each_plane(k.workspace.take<std::uint8_t>(count), [&](std::uint8_t* values, const std::uint8_t* entries) {
      k.ops.look_up_bytes(values, plane, entries);
    });
  } else {
    for_each_plane(k.workspace.take<std::uint16_t>(count), [&](std::uint16_t* values, const std::uint8_t* entries) {
      k.ops.look_up_halves(values, plane, entries);
    });
  }
  return true;
}

}  // namespace vnpu::cv18xx::kernels
