#include "sim/bm1684x/timing/parameters.h"

#include "sim/bm1684x/timing/data_files.h"

#define VNPU_PARAMETERS "sim/bm1684x/timing/parameters.def"

namespace vnpu::bm1684x {
#include "sim/core/timing_boards.inc"
}  // namespace vnpu::bm1684x
