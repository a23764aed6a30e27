// Matrix multiply: res0 (R, C) = opd0 (R, K) x opd1 (K, C) [+ partial sums | + old result] [+ opd2 (1, C)].
// A matrix row is spread over channels: column j is position j % w of channel j / w.
#include "sim/cv18xx/requantise.h"
#include "sim/cv18xx/tiu_job.h"

namespace vnpu::cv18xx {
namespace {

template <class T>
struct Operands {
  std::size_t rows, inner, columns;  // R, K, C
  std::size_t channels, width;       // of the left matrix
  std::vector<T> left;               // [R][channels * width], the first K of a row are used
  std::vector<T> right;              // [K][C]; a constant: one row, with right_step 0
  std::size_t right_step;
};

// acc [R][C] += left x right. The inner index runs over positions first, then channels. Not inlined: called within a
// RoundTowardZero scope.
template <class T>
[[gnu::noinline]] void multiply(const Operands<T>& m, std::vector<T>& acc) {
  for (std::size_t r = 0; r < m.rows; ++r) {
    T* sums = acc.data() + r * m.columns;
    for (std::size_t wi = 0; wi < m.width; ++wi) {
      for (std::size_t ci = 0; ci < m.channels; ++ci) {
        const std::size_t k = ci * m.width + wi;
        if (k >= m.inner) continue;
        const T x = m.left[r * m.channels * m.width + k];
        const T* row = m.right.data() + k * m.right_step;
        for (std::size_t j = 0; j < m.columns; ++j) sums[j] = multiply_add(sums[j], x, row[j]);
      }
    }
  }
}

// Not inlined: called within a RoundTowardZero scope.
[[gnu::noinline]] void add_biases(std::span<const float> biases, std::vector<float>& acc) {
  for (std::size_t i = 0; i < acc.size(); ++i) acc[i] = fp32_add(acc[i], biases[i % biases.size()]);
}

void check(const TiuJob& job) {
  const TiuCommand& c = job.command;
  if (c.opd_typ == 0) job.require_signs();
  if (c.tsk_opd_num == 3) job.require_bias();
  job.require(c.opd_typ || c.tsk_opd_num >= 2, "tsk_opd_num must be 2 or 3");
  job.require(c.short_opd2_str != stride_registers, "short_opd2_str must not be 3");
  job.require_supported(c.ps32_md == 0 || !c.opt_res_add, "opt_res_add must be 0 with ps32_md");
  if (c.opt_res0_seg == 0) {
    job.require(c.res0_b_str > 0 && c.res0_b_str % eu_num == 0, "res0_b_str must be a multiple of 16 and not 0");
  }
  job.require(c.opt_left_tran == 0, "opt_left_tran must be 0");
  job.require(c.short_nchwstr_same == 0, "short_nchwstr_same must be 0");
  job.require(c.opt_opd0_seg == 1 && c.opt_opd1_seg == 1, "opt_opd0_seg and opt_opd1_seg must be 1");
  job.require(c.opd2_n == 1, "opd2_n must be 1");
  if (c.opt_chl_quan) {
    job.require(c.opd_typ == 0, "opt_chl_quan must be 0 for bf16");
    job.require(c.ps32_md <= 1, "ps32_md must be 0 or 1 with opt_chl_quan");
    job.require(c.opt_res0_seg == 1, "opt_res0_seg must be 1 with opt_chl_quan");
  } else {
    job.require(c.opt_opd2_seg == 0, "opt_opd2_seg must be 0");
  }
  if (c.ps32_md & 2) {
    job.require(c.tsk_opd_num == 2, "tsk_opd_num must be 2 when partial sums are stored");
    job.require(c.opt_relu_typ == 0, "opt_relu_typ must be 0 when partial sums are stored");
    job.require(c.opt_res_shift == 0, "opt_res_shift must be 0 when partial sums are stored");
  }
  job.require(c.tsk_eu_typ != 12, "tsk_eu_typ must not be 12");
  job.require(c.res0_h == 1 && c.opd0_h == 1 && c.opd1_h == 1, "heights must be 1");
  job.require(c.short_res0_str == stride_aligned && c.short_opd0_str == stride_aligned, "stride codes must be 0");
  job.require(c.short_opd1_str == stride_aligned, "short_opd1_str must be 0");
  job.require(c.opd0_n == c.res0_n, "opd0_n and res0_n differ");
  job.require(c.opd1_c == c.res0_c, "opd1_c and res0_c differ");
  job.require(c.opd0_c > 0 && c.opd1_w + c.opd0_w * (c.opd0_c - 1) == c.opd1_n,
              "the left matrix has not as many columns as the right one rows");
  job.require(c.opd1_w > 0 && c.opd1_w <= c.opd0_w, "opd1_w must be 1 to opd0_w");
  job.require(!c.opd_typ || !c.opt_res_add, "opt_res_add must be 0 for bf16");
  if (c.tsk_opd_num == 3) {
    job.require(c.opd2_n == 1 && c.opd2_h == 1 && c.opd2_c == c.res0_c && c.opd2_w == c.res0_w,
                "opd2 must be one row of res0");
    job.require(c.short_opd2_str == stride_aligned, "short_opd2_str must be 0");
  }
}

template <class T>
Operands<T> shape(const TiuCommand& c) {
  Operands<T> m;
  m.rows = c.res0_n;
  m.inner = c.opd1_n;
  m.columns = std::size_t{c.res0_c} * c.res0_w;
  m.channels = c.opd0_c;
  m.width = c.opd0_w;
  m.right_step = c.opt_opd1_const ? 0 : m.columns;
  return m;
}

void execute_int8(const TiuJob& job, const TensorView& result, const TensorView& right) {
  const TiuCommand& c = job.command;
  Operands<std::int32_t> m = shape<std::int32_t>(c);
  m.left = job.load_int(job.opd0(), 1, c.opt_opd0_sign);
  if (c.opt_opd1_const) {
    m.right.assign(m.columns, sign_extend(c.opd1_addr, 8, c.opt_opd1_sign));
  } else {
    m.right = job.load_int(right, 1, c.opt_opd1_sign);
  }
  std::vector<std::int32_t> acc(result.count(), 0);
  if (c.ps32_md & 1) acc = job.load_int(result, 4, true);
  multiply(m, acc);
  if (c.ps32_md & 2) return job.store_int(result, 4, acc);

  if (c.tsk_opd_num == 3) {
    const auto bias = job.load_int(job.opd2(), c.opt_chl_quan ? 4 : 2, c.opt_chl_quan || c.opt_opd2_sign);
    for (std::size_t i = 0; i < acc.size(); ++i) acc[i] = wrap_add(acc[i], bias[i % bias.size()]);
  }
  if (c.opt_chl_quan) {
    for (std::int32_t& v : acc) v = requantise(c, v, c.quan_m, c.opt_res_shift, job.quirks);
    return job.store_int(result, 1, acc);
  }
  if (c.opt_res_add) {
    const auto old = job.load_int(result, 2, c.opt_res0_sign);
    for (std::size_t i = 0; i < acc.size(); ++i) {
      acc[i] = wrap_add(acc[i], static_cast<std::int32_t>(static_cast<std::uint32_t>(old[i]) << c.opt_left_shift));
    }
  }
  if (c.opt_res0_seg != 0) {
    for (std::int32_t& v : acc) v = requantise(c, v);
    return job.store_int(result, 1, acc);
  }
  for (std::int32_t& v : acc) v = sat16(shifted(c, v), c.opt_res0_sign);
  job.store_int(result, 2, acc);
}

void execute_bf16(const TiuJob& job, const TensorView& result, const TensorView& right) {
  const TiuCommand& c = job.command;
  Operands<float> m = shape<float>(c);
  m.left = job.load_bf16s(job.opd0());
  if (c.opt_opd1_const) {
    m.right.assign(m.columns, load_bf16(static_cast<std::uint16_t>(c.opd1_addr)));
  } else {
    m.right = job.load_bf16s(right);
  }
  std::vector<float> acc(result.count(), 0.0f);
  if (c.ps32_md & 1) {
    const std::vector<std::uint32_t> words = job.load_words(result);
    for (std::size_t i = 0; i < acc.size(); ++i) acc[i] = load_fp32(words[i]);
  }
  std::vector<float> biases;
  if (c.tsk_opd_num == 3) {
    for (const std::uint32_t bits : job.load_words(job.opd2())) biases.push_back(load_fp32(bits));
  }
  {
    const RoundTowardZero scope;
    multiply(m, acc);
    if (!biases.empty()) add_biases(biases, acc);
  }
  if (c.ps32_md & 2) return job.store_partial_sums(result, acc);
  job.store_bf16s(result, acc, c.opt_relu_typ == 1);
}

}  // namespace

MatmulOperands checked_matmul(const TiuJob& job) {
  const TiuCommand& c = job.command;
  check(job);
  MatmulOperands operands{job.opd0(), job.opd1(), job.res0()};
  operands.right.w = c.res0_w;  // opd1_w holds the columns used in the last channel of the left matrix
  apply_stride_code(operands.right, stride_aligned);
  require_inside(operands.result, 1, job.operation);
  job.require_work(operands.result.count(), c.opd1_n, 1);
  require_inside(operands.left, 1, job.operation);
  if (!c.opt_opd1_const) require_inside(operands.right, 1, job.operation);
  return operands;
}

void execute_matmul(const TiuJob& job) {
  const auto [left, right, result] = checked_matmul(job);
  if (job.command.opd_typ == 0) {
    execute_int8(job, result, right);
  } else {
    execute_bf16(job, result, right);
  }
}

}  // namespace vnpu::cv18xx
