// The board's own programs: the vendor's samples and tools, run on the simulated TPU.
#pragma once

#include "devices/process.h"

namespace vnpu::devices {

// Adds cvi_sample_model_info, cvi_sample_classifier..., model_runner, cvimodel_tool with add_vendor().
void add_board_programs(ProgramTable& table);

}  // namespace vnpu::devices
