#include "sim/core/simd.h"

#include "base/error.h"

namespace vnpu {

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

SimdLevel parse_engine(const std::string& engine) {
  const SimdLevel best = best_simd_level();
  if (engine == "fast") return best;
  for (const SimdLevel level : {SimdLevel::scalar, SimdLevel::avx2, SimdLevel::avx512}) {
    if (engine != name(level)) continue;
    if (level > best)
      throw Error(ErrorKind::usage, "engine '" + engine + "': this CPU does not have it (best: " + name(best) + ")");
    return level;
  }
  if (engine == "rtl" || engine == "mixed")
    throw Error(ErrorKind::unsupported, "engine '" + engine + "' is not in this build");
  throw Error(ErrorKind::usage, "unknown engine '" + engine + "': one of scalar, fast, avx2, avx512");
}

}  // namespace vnpu
