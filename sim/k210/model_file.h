// The family's entry for the registry: kmodels of the K210.
#pragma once

#include <memory>

#include "sim/core/network.h"

namespace vnpu::k210 {

// Whether the bytes begin like a kmodel of any version, or like an encrypted one.
bool recognises(ByteView file);
std::unique_ptr<ModelFile> open(ByteView file);  // throws Error(damaged) or Error(unsupported)

}  // namespace vnpu::k210
