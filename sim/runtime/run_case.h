// Golden cases that name the net of every run: case.json has "runs", a list of { net, inputs: [{ name, shape }] }, and
// run K has input_K.npz and output_K.npz. The program is the one whose "net" and shapes of the inputs fit.
// case.json's "dynamic" marks models that only the chip's firmware can run.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string>

#include "sim/core/network.h"

namespace vnpu {

// Throws Error(damaged) when no program of the model fits.
unsigned program_of_run(const ModelFile& model, const nlohmann::json& run);

}  // namespace vnpu
