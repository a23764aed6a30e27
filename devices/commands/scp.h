// The board's end of "scp -O": what OpenSSH's client starts as `scp -t PATH` (upload) or `scp -f PATH...` (download).
#pragma once

#include "devices/process.h"

namespace vnpu::devices {

int scp_command(Process& process);

}  // namespace vnpu::devices
