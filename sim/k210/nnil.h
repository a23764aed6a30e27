// The byte code of nnil_unary_method: a stack machine on floats, no jumps.
#pragma once

#include <span>
#include <vector>

#include "base/bytes.h"

namespace vnpu::k210 {

// Runs the code on every value of `input`. Throws Error(fault) for a stack that runs over (64) or under and for code
// without an end, Error(unsupported) for an unknown operation, Error(damaged) for a cut immediate.
std::vector<float> run_nnil(ByteView code, std::span<const float> input);

}  // namespace vnpu::k210
