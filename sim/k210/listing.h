// The steps of a kmodel as a listing and as JSON.
#pragma once

#include <functional>
#include <string>

#include "models/kmodel/model.h"
#include "sim/core/network.h"

namespace vnpu::k210 {

// One call of `line` a listing line. DisasmOptions::engine: "kpu", "cpu" or, in version 5, "vm".
void list_model(const kmodel::Model& model, const DisasmOptions& options,
                const std::function<void(const std::string&)>& line);

}  // namespace vnpu::k210
