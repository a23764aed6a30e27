#include "sim/k210/timing/parameters.h"

#include "sim/k210/timing/data_files.h"

#define VNPU_PARAMETERS "sim/k210/timing/parameters.def"

namespace vnpu::k210 {
#include "sim/core/timing_boards.inc"
}  // namespace vnpu::k210
