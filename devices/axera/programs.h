// The AXera-Pi's own programs.
#pragma once

#include "devices/process.h"

namespace vnpu::axera {

int run_joint(devices::Process& process);
int run_neu(devices::Process& process);                // run_neu_v2
int classification(devices::Process& process);         // ax_classification
int classification_camera(devices::Process& process);  // libmaix's axpi_classification_cam

void add_programs(devices::ProgramTable& table);

}  // namespace vnpu::axera
