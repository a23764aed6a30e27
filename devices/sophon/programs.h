// The BM1684X SoC board's own programs and device nodes.
#pragma once

#include "devices/process.h"

namespace vnpu::devices {
class Board;
}

namespace vnpu::sophon {

inline constexpr const char* library_version = "0.5.1";

int bmrt_test(devices::Process& process);
int bm_smi(devices::Process& process);
int bm_version(devices::Process& process);
int model_tool(devices::Process& process);
int model_runner(devices::Process& process);
int sudo(devices::Process& process);

// With `bash`, which these boards have for their shell.
void add_programs(devices::ProgramTable& table);
// /dev/bm-tpu0 and its kin.
void add_nodes(devices::Board& board);

}  // namespace vnpu::sophon
