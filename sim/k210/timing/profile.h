// A kmodel's steps on a board's clocks.
#pragma once

#include "models/kmodel/model.h"
#include "sim/core/profile.h"

namespace vnpu::k210 {

// Throws Error(usage) for an unknown board or parameter or a program other than 0, Error(unsupported) for layers that
// the KPU does not have and for steps whose sizes the file does not tell.
Profile profile_model(const kmodel::Model& model, const ProfileOptions& options);

}  // namespace vnpu::k210
