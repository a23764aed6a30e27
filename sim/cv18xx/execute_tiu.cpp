#include "sim/cv18xx/execute.h"
#include "sim/cv18xx/kernels/kernels.h"
#include "sim/cv18xx/law.h"

namespace vnpu::cv18xx {

void execute(const TiuCommand& command, Memory& memory, const ExecuteOptions& options) {
  // What the kernels of AVX-512 leave, those of AVX2 leave too: they share their forms.
  if (execute_tiu_kernel(command, memory, options.quirks, options.level)) return;
  execute_tiu_law(command, memory, options.quirks);
}

}  // namespace vnpu::cv18xx
