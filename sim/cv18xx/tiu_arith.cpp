// Tensor arithmetic: res0 = f(opd0, opd1 or constant, old res0), element by element.
#include <algorithm>

#include "sim/cv18xx/requantise.h"
#include "sim/cv18xx/tiu_job.h"

namespace vnpu::cv18xx {
namespace {

bool even(std::uint32_t a, std::uint32_t b, std::uint32_t c, std::uint32_t d) { return ((a | b | c | d) & 1) == 0; }

// Which operands have 8 and which 16 bits, and what each operation demands of signs and shifts.
void check_int(const TiuJob& job) {
  const TiuCommand& c = job.command;
  job.require_signs();
  job.require(c.opt_relu_typ == 0 || c.opt_res0_seg, "opt_relu_typ needs an 8-bit result");
  job.require((c.opt_opd0_seg || c.opd0_b_str) && (c.opt_res0_seg || c.res0_b_str) &&
                  (c.opt_opd1_seg || c.opt_opd1_const || c.opd1_b_str),
              "a plane distance (opd0_b_str, opd1_b_str, res0_b_str) is 0");
  switch (c.tsk_eu_typ) {
    case arith_mul:
    case arith_mac: job.require(c.opt_opd0_seg && c.opt_opd1_seg, "opt_opd0_seg and opt_opd1_seg must be 1"); break;
    case arith_add:
    case arith_sub:
      job.require(!c.opt_opd0_seg && !c.opt_opd1_seg, "opt_opd0_seg and opt_opd1_seg must be 0");
      if (c.tsk_eu_typ == arith_sub) job.require(c.opt_res0_sign, "opt_res0_sign must be 1");
      break;
    case arith_max:
    case arith_min:
    case arith_ge:
      job.require(c.opt_opd0_seg && c.opt_opd1_seg && c.opt_res0_seg,
                  "opt_opd0_seg, opt_opd1_seg, opt_res0_seg must be 1");
      job.require(c.opt_opd0_sign == c.opt_res0_sign && c.opt_opd1_sign == c.opt_res0_sign, "all signs must be equal");
      job.require(c.opt_res_shift == 0, "opt_res_shift must be 0");
      break;
    case arith_shift:
      job.require(!c.opt_opd0_seg && c.opt_opd1_seg && !c.opt_res0_seg,
                  "opt_opd0_seg and opt_res0_seg must be 0, opt_opd1_seg 1");
      job.require(c.opt_opd0_sign && c.opt_opd1_sign, "opt_opd0_sign and opt_opd1_sign must be 1");
      job.require(c.opt_shift_typ == 1, "opt_shift_typ must be 1");
      job.require(c.opt_res_shift == 0 && c.opt_rshift_typ == 0, "opt_res_shift and opt_rshift_typ must be 0");
      break;
    case arith_and:
    case arith_or:
    case arith_xor:
      job.require(c.opt_opd0_seg == c.opt_res0_seg && c.opt_opd1_seg == c.opt_res0_seg,
                  "opt_opd0_seg, opt_opd1_seg and opt_res0_seg must be equal");
      break;
    default: job.require(c.opt_opd0_seg && c.opt_res0_seg, "opt_opd0_seg and opt_res0_seg must be 1"); break;
  }
}

void check(const TiuJob& job) {
  const TiuCommand& c = job.command;
  job.require(c.short_res0_str == stride_registers && c.short_opd0_str == stride_registers,
              "short_res0_str and short_opd0_str must be 3");
  job.require(c.opd0_n == c.res0_n && c.opd0_c == c.res0_c && c.opd0_h == c.res0_h && c.opd0_w == c.res0_w,
              "opd0 and res0 must have one shape");
  if (c.tsk_eu_typ == arith_copy) {
    job.require(c.tsk_opd_num == 1, "tsk_opd_num must be 1");
  } else {
    job.require(c.tsk_opd_num == 2, "tsk_opd_num must be 2");
    job.require(c.opt_opd1_const || c.short_opd1_str == stride_registers, "short_opd1_str must be 3");
    job.require(c.opd1_n == c.res0_n && c.opd1_c == c.res0_c && c.opd1_h == c.res0_h && c.opd1_w == c.res0_w,
                "opd1 and res0 must have one shape");
  }
  if (c.opd_typ == 0) {
    check_int(job);
  } else {
    job.require(c.opt_opd0_seg && (c.opt_opd1_const || c.opt_opd1_seg) && c.opt_res0_seg,
                "opt_opd0_seg, opt_opd1_seg, opt_res0_seg must be 1");
    job.require(even(c.res0_n_str, c.res0_c_str, c.res0_h_str, c.res0_w_str), "strides of res0 must be even");
    job.require(even(c.opd0_n_str, c.opd0_c_str, c.opd0_h_str, c.opd0_w_str), "strides of opd0 must be even");
    job.require(c.tsk_opd_num == 1 || c.opt_opd1_const || even(c.opd1_n_str, c.opd1_c_str, c.opd1_h_str, c.opd1_w_str),
                "strides of opd1 must be even");
    job.require_supported(c.tsk_eu_typ < arith_shift || c.tsk_eu_typ > arith_xor, "no such operation on bf16");
    job.require_supported(!c.opt_chl_quan || c.tsk_eu_typ != arith_mul, "opt_chl_quan must be 0 for bf16");
  }
  if (c.tsk_eu_typ == arith_mac) job.require(c.opt_res_add, "opt_res_add must be 1");
}

// The value before relu and saturation.
std::int64_t compute(const TiuJob& job, std::int64_t x, std::int64_t y, std::int64_t z) {
  const TiuCommand& c = job.command;
  const auto down = [&](std::int64_t v) { return rshift(v, c.opt_res_shift, c.opt_rshift_typ); };
  switch (c.tsk_eu_typ) {
    case arith_mul:
      if (c.opt_chl_quan) return qdm(static_cast<std::int32_t>(x * y), c.quan_m, c.opt_res_shift, job.quirks);
      return down(x * y);
    case arith_mac: return down(x * y + z * (std::int64_t{1} << c.opt_left_shift));
    case arith_add: return down(x + y);
    case arith_sub: return down(x - y);
    case arith_max: return std::max(x, y);
    case arith_min: return std::min(x, y);
    case arith_shift:
      job.require(y >= -16 && y <= 16, "a shift of opd1 is not within -16 to 16");
      return y >= 0 ? x * (std::int64_t{1} << y) : x >> -y;
    case arith_and: return x & y;
    case arith_or: return x | y;
    case arith_xor: return x ^ y;
    case arith_copy: return x;
    default: return x >= y;
  }
}

bool applies_relu(std::uint32_t op) { return op == arith_mul || op == arith_mac || op == arith_add; }

void execute_int(const TiuJob& job) {
  const TiuCommand& c = job.command;
  const TensorView result = job.res0();
  const unsigned x_bytes = c.opt_opd0_seg == 0 ? 2 : 1;
  const unsigned y_bytes = c.opt_opd1_seg == 0 ? 2 : 1;
  const unsigned result_bytes = c.opt_res0_seg == 0 ? 2 : 1;

  // One element stands for all when operand 1 is constant, or when there is none.
  const auto x = job.load_int(job.opd0(), x_bytes, c.opt_opd0_sign);
  std::vector<std::int32_t> y(1, 0);
  if (c.opt_opd1_const) {
    y[0] = sign_extend(c.opd1_addr, 8 * y_bytes, c.opt_opd1_sign);
  } else if (c.tsk_opd_num == 2) {
    y = job.load_int(job.opd1(), y_bytes, c.opt_opd1_sign);
  }
  std::vector<std::int32_t> z(1, 0);
  if (c.tsk_eu_typ == arith_mac) z = job.load_int(result, 2, c.opt_res0_sign);

  const bool saturates = c.tsk_eu_typ != arith_shift;
  std::vector<std::int32_t> values;
  values.reserve(x.size());
  for (std::size_t i = 0; i < x.size(); ++i) {
    std::int64_t v = compute(job, x[i], y[y.size() == 1 ? 0 : i], z[z.size() == 1 ? 0 : i]);
    if (c.opt_relu_typ == 1 && applies_relu(c.tsk_eu_typ)) v = std::max<std::int64_t>(v, 0);
    if (saturates) v = result_bytes == 1 ? sat8(v, c.opt_res0_sign) : sat16(v, c.opt_res0_sign);
    values.push_back(static_cast<std::int32_t>(v & 0xFFFF));
  }
  job.store_int(result, result_bytes, values);
}

// Not inlined: called within a RoundTowardZero scope.
[[gnu::noinline]] void compute_bf16(std::uint32_t op, const std::vector<float>& x, const std::vector<float>& y,
                                    const std::vector<float>& z, std::vector<float>& result) {
  for (std::size_t i = 0; i < x.size(); ++i) {
    const float a = x[i];
    const float b = y[y.size() == 1 ? 0 : i];
    switch (op) {
      case arith_copy: result[i] = a; break;
      case arith_mul: result[i] = fp32_multiply(a, b); break;
      case arith_mac: result[i] = fp32_add(fp32_multiply(a, b), z[z.size() == 1 ? 0 : i]); break;
      case arith_add: result[i] = fp32_add(a, b); break;
      case arith_sub: result[i] = fp32_add(a, -b); break;
      default:
        // Comparisons hand an invalid operand on.
        if (is_nan(a) || is_nan(b)) {
          result[i] = is_nan(a) ? a : b;
        } else if (op == arith_max) {
          result[i] = std::max(a, b);
        } else if (op == arith_min) {
          result[i] = std::min(a, b);
        } else {
          result[i] = a >= b ? 1.0f : 0.0f;
        }
    }
  }
}

void execute_bf16(const TiuJob& job) {
  const TiuCommand& c = job.command;
  const TensorView result = job.res0();
  if (c.tsk_eu_typ == arith_copy && !job.quirks.bf16_copy_rounds) {
    return job.store_halves(result, job.load_halves(job.opd0()));
  }
  const auto x = job.load_bf16s(job.opd0());
  std::vector<float> y(1, 0.0f);
  if (c.opt_opd1_const) {
    y[0] = load_bf16(static_cast<std::uint16_t>(c.opd1_addr));
  } else if (c.tsk_opd_num == 2) {
    y = job.load_bf16s(job.opd1());
  }
  std::vector<float> z(1, 0.0f);
  if (c.tsk_eu_typ == arith_mac) {
    z.clear();
    for (const std::uint16_t bits : job.load_halves(result)) z.push_back(load_fp32(std::uint32_t{bits} << 16));
  }
  std::vector<float> sums(x.size());
  {
    const RoundTowardZero scope;
    compute_bf16(c.tsk_eu_typ, x, y, z, sums);
  }
  job.store_bf16s(result, sums, c.opt_relu_typ == 1 && applies_relu(c.tsk_eu_typ));
}

}  // namespace

void check_arith(const TiuJob& job) {
  check(job);
  require_inside(job.res0(), 1, job.operation);
  require_inside(job.opd0(), 1, job.operation);
  if (job.command.tsk_opd_num == 2 && !job.command.opt_opd1_const) require_inside(job.opd1(), 1, job.operation);
}

void execute_arith(const TiuJob& job) {
  check_arith(job);
  if (job.command.opd_typ == 0) {
    execute_int(job);
  } else {
    execute_bf16(job);
  }
}

}  // namespace vnpu::cv18xx
