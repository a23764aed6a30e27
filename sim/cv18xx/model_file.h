// The family's entry of the registry: recognises, reads and instantiates .cvimodel files.
#pragma once

#include <memory>

#include "sim/core/network.h"

namespace vnpu::cv18xx {

bool recognises(ByteView file);
std::unique_ptr<ModelFile> open(ByteView file);

}  // namespace vnpu::cv18xx
