#include "sim/bm1684x/kernels/kernels.h"

namespace vnpu::bm1684x::kernels {

const ElementOps* element_ops(SimdLevel level) {
  switch (level) {
    case SimdLevel::avx512: return &elements_avx512;
    case SimdLevel::avx2: return &elements_avx2;
    case SimdLevel::scalar: break;
  }
  return nullptr;
}

bool execute(const TiuJob& job, SimdLevel level) {
  if (level == SimdLevel::scalar) return false;
  const KernelOps ops{*gemm_ops(level), *element_ops(level)};
  switch (job.command.tsk_typ) {
    case tsk_conv: return execute_conv(job, ops.gemm);
    case tsk_ar: return execute_ar(job, ops);
    case tsk_rqdq: return execute_rqdq(job, ops);
    default: return false;
  }
}

bool execute(const GdmaCommand&, Memory&, SimdLevel) { return false; }

}  // namespace vnpu::bm1684x::kernels
