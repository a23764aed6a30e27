// How long a command list takes on a board: its jobs on their units, the waits between them, the memory they share. No
// tensor is computed.
#pragma once

#include "isa/ax620/command_list.h"
#include "models/joint/joint.h"
#include "sim/core/profile.h"

namespace vnpu::ax620 {

// Throws Error(usage) for an unknown board or parameter, Error(unsupported) for a command whose time nobody knows,
// Error(fault) when the jobs wait for each other.
Profile profile_model(const CommandList& list, const std::vector<std::vector<Job>>& jobs,
                      const ProfileOptions& options);

// Puts the converter's estimate (performance.json) beside it, layer by layer; nothing when the file has none.
void add_estimate(Profile& profile, const joint::Performance& performance);

}  // namespace vnpu::ax620
