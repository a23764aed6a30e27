#include "sim/cv18xx/kernels/kernels.h"

#include "sim/cv18xx/kernels/job.h"

namespace vnpu::cv18xx {
namespace {

struct GiveBack {
  Workspace& workspace;
  ~GiveBack() { workspace.reset(); }
};

}  // namespace

bool execute_tiu_kernel(const TiuCommand& command, Memory& memory, const Quirks& quirks, SimdLevel level) {
  if (level == SimdLevel::scalar) return false;
  const kernels::Ops& ops = level == SimdLevel::avx512 ? kernels::ops_avx512() : kernels::ops_avx2();
  const TiuJob job{command, memory.local(), memory.lanes(), quirks, operation_name(command)};
  const kernels::KernelJob k{job, memory.workspace(), ops};
  const GiveBack at_end{memory.workspace()};
  check_any(job);
  switch (command.tsk_typ) {
    case tsk_conv: return kernels::conv(k);
    case tsk_pool:
      if (command.tsk_eu_typ > pool_min) return false;
      return command.tsk_eu_typ == pool_depthwise ? kernels::depthwise(k) : kernels::pool(k);
    case tsk_matmul: return kernels::matmul(k);
    case tsk_arith: return command.tsk_eu_typ == arith_lut ? kernels::lut(k) : kernels::arith(k);
    default: return false;
  }
}

}  // namespace vnpu::cv18xx
