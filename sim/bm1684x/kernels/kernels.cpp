#include "sim/bm1684x/kernels/kernels.h"

namespace vnpu::bm1684x::kernels {

bool execute(const TiuJob& job, SimdLevel level) {
  const GemmOps* gemm = gemm_ops(level);
  if (gemm == nullptr) return false;
  switch (job.command.tsk_typ) {
    case tsk_conv: return execute_conv(job, *gemm);
    default: return false;
  }
}

bool execute(const GdmaCommand&, Memory&, SimdLevel) { return false; }

}  // namespace vnpu::bm1684x::kernels
