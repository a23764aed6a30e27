#include "sim/cv18xx/execute.h"
#include "sim/cv18xx/kernels/tdma_fast.h"
#include "sim/cv18xx/law_tdma.h"

namespace vnpu::cv18xx {

void execute(const TdmaCommand& command, Memory& memory, const ExecuteOptions& options) {
  if (options.level != SimdLevel::scalar && execute_tdma_fast(command, memory, options.level)) return;
  execute_tdma_law(command, memory, options.quirks);
}

}  // namespace vnpu::cv18xx
