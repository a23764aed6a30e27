#include "sim/cv18xx/execute.h"
#include "sim/cv18xx/law_tdma.h"

namespace vnpu::cv18xx {

void execute(const TdmaCommand& command, Memory& memory, const ExecuteOptions& options) {
  execute_tdma_law(command, memory, options.quirks);
}

}  // namespace vnpu::cv18xx
