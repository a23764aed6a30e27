// SIMD kernels: the law's bytes, sooner.
#pragma once

#include "sim/bm1684x/kernels/element_ops.h"
#include "sim/bm1684x/kernels/gemm.h"
#include "sim/bm1684x/law.h"

namespace vnpu::bm1684x::kernels {

// Executes the command with the kernels of `level` (which this CPU must have) and returns true, or returns false with
// memory unchanged when none covers it. Throws what the law would throw, memory unchanged.
bool execute(const TiuJob& job, SimdLevel level);
bool execute(const GdmaCommand& command, Memory& memory, SimdLevel level);

// The loops of one level.
struct KernelOps {
  const GemmOps& gemm;
  const ElementOps& elements;
};

bool execute_ar(const TiuJob& job, const KernelOps& ops);
bool execute_rqdq(const TiuJob& job, const KernelOps& ops);
bool execute_conv(const TiuJob& job, const GemmOps& ops);
bool execute_pord(const TiuJob& job, const KernelOps& ops);
bool look_up_bytes(const TiuJob& job, const ElementOps& ops);
bool copy_lanes(const TiuJob& job);
bool copy_tensor(const GdmaCommand& command, Memory& memory);
bool copy_matrix(const GdmaCommand& command, Memory& memory);
bool multiply_mm(const TiuJob& job, const GemmOps& ops);
bool multiply_mm2(const TiuJob& job, const GemmOps& ops);

}  // namespace vnpu::bm1684x::kernels
