// What `vnpu info` says about a kmodel.
#pragma once

#include <nlohmann/json_fwd.hpp>

#include "models/kmodel/model.h"

namespace vnpu::k210 {

nlohmann::json describe(const kmodel::Model& model);

}  // namespace vnpu::k210
