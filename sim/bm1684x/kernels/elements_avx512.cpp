#include "sim/bm1684x/kernels/element_ops.inl"

namespace vnpu::bm1684x::kernels {
const ElementOps elements_avx512 = level_ops;
}
