// The family's entry of the registry: recognises, reads and instantiates .joint files.
#pragma once

#include <memory>

#include "sim/core/network.h"

namespace vnpu::ax620 {

bool recognises(ByteView file);
std::unique_ptr<ModelFile> open(ByteView file);

}  // namespace vnpu::ax620
