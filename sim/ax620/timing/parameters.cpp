#include "sim/ax620/timing/parameters.h"

#include "sim/ax620/timing/data_files.h"

#define VNPU_PARAMETERS "sim/ax620/timing/parameters.def"

namespace vnpu::ax620 {
#include "sim/core/timing_boards.inc"
}  // namespace vnpu::ax620
