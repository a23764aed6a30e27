// Instruction-set levels of the host CPU that a family's fast kernels are written for, and the words for them.
#pragma once

#include <string>

namespace vnpu {

// `scalar` is the law itself; the others give the same bytes.
enum class SimdLevel { scalar, avx2, avx512 };

// The best level this CPU has (AVX-512 needs F, BW, DQ, VL and VNNI).
SimdLevel best_simd_level();
const char* name(SimdLevel level);

// "scalar", "fast" (the best this CPU has), "avx2", "avx512"; throws Error(usage) for another word or a level that
// this CPU lacks.
SimdLevel parse_engine(const std::string& engine);

}  // namespace vnpu
