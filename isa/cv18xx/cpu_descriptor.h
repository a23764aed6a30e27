// The CPU descriptor, common to CMDBUF records and to the DMABUF.
#pragma once

#include <string>

#include "isa/cv18xx/command_stream.h"

namespace vnpu::cv18xx {

// `bytes` is exactly cpu_bytes long. Throws Error(unsupported) for an op_type other than cpu_op_sync.
CpuSync parse_cpu_descriptor(ByteView bytes, const std::string& what);

}  // namespace vnpu::cv18xx
