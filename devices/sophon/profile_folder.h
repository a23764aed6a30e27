// bmprofile_data-1, the folder that the run time writes with BMRUNTIME_ENABLE_PROFILE=1.
#pragma once

#include <string>

#include "devices/sophon/bm_runtime.h"

namespace vnpu::sophon {

// Writes it to the current directory: global.profile, the command buffers of the stage as the file has them, and
// iter0.profile with the command counts and, when the time is known, the run's time and the monitors' records.
void write_profile_folder(devices::Process& process, const std::string& model, const std::string& net,
                          const Stage& stage, const Loaded& loaded);

}  // namespace vnpu::sophon
