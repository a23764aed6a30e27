// The family's entry of the registry: recognises, reads and instantiates .bmodel files.
#pragma once

#include <memory>

#include "sim/core/network.h"

namespace vnpu::bm1684x {

bool recognises(ByteView file);
std::unique_ptr<ModelFile> open(ByteView file);

}  // namespace vnpu::bm1684x
