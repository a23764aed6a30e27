#include "sim/bm1684x/kernels/kernels.h"

#include "base/error.h"

namespace vnpu::bm1684x::kernels {

const ElementOps* element_ops(SimdLevel level) {
  switch (level) {
    case SimdLevel::avx512: return &elements_avx512;
    case SimdLevel::avx2: return &elements_avx2;
    case SimdLevel::scalar: break;
  }
  return nullptr;
}

namespace {

bool run(const TiuJob& job, SimdLevel level) {
  const KernelOps ops{*gemm_ops(level), *element_ops(level)};
  switch (job.command.tsk_typ) {
    case tsk_conv: return execute_conv(job, ops.gemm);
    case tsk_ar: return execute_ar(job, ops);
    case tsk_mm: return job.command.tsk_eu_typ < 4 ? multiply_mm(job, ops.gemm) : multiply_mm2(job, ops.gemm);
    case tsk_pord: return execute_pord(job, ops);
    case tsk_rqdq: return execute_rqdq(job, ops);
    case tsk_sg: return look_up_bytes(job, ops.elements);
    case tsk_trans_bc: return copy_lanes(job);
    default: return false;
  }
}

bool run(const GdmaCommand& command, Memory& memory) {
  switch (command.cmd_type) {
    case dma_tensor: return copy_tensor(command, memory);
    case dma_matrix: return copy_matrix(command, memory);
    default: return false;
  }
}

}  // namespace

// Kernels check their operands before they write. What one refuses is left to the law, which says it in its own words.
bool execute(const TiuJob& job, SimdLevel level) {
  if (level == SimdLevel::scalar) return false;
  try {
    return run(job, level);
  } catch (const Error&) {
    return false;
  }
}

bool execute(const GdmaCommand& command, Memory& memory, SimdLevel level) {
  if (level == SimdLevel::scalar) return false;
  try {
    return run(command, memory);
  } catch (const Error&) {
    return false;
  }
}

}  // namespace vnpu::bm1684x::kernels
