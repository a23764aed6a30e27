#include "sim/cv18xx/execute.h"
#include "sim/cv18xx/kernels/kernels.h"
#include "sim/cv18xx/law.h"

namespace vnpu::cv18xx {

SimdLevel best_simd_level() {
  __builtin_cpu_init();
  if (!__builtin_cpu_supports("avx2") || !__builtin_cpu_supports("fma") || !__builtin_cpu_supports("bmi2")) {
    return SimdLevel::scalar;
  }
  const bool avx512 = __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
                      __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512vl") &&
                      __builtin_cpu_supports("avx512vnni");
  return avx512 ? SimdLevel::avx512 : SimdLevel::avx2;
}

const char* name(SimdLevel level) {
  switch (level) {
    case SimdLevel::avx512: return "avx512";
    case SimdLevel::avx2: return "avx2";
    case SimdLevel::scalar: break;
  }
  return "scalar";
}

void execute(const TiuCommand& command, Memory& memory, const ExecuteOptions& options) {
  // What the kernels of AVX-512 leave, those of AVX2 leave too: they share their forms.
  if (execute_tiu_kernel(command, memory, options.quirks, options.level)) return;
  execute_tiu_law(command, memory, options.quirks);
}

}  // namespace vnpu::cv18xx
