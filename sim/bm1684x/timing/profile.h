// How long a stage of a bmodel takes on a board: its two queues, the waits between them, the memory. No tensor is
// computed.
#pragma once

#include "sim/bm1684x/network.h"
#include "sim/core/profile.h"

namespace vnpu::bm1684x {

// Throws Error(usage) for an unknown board, parameter or program, Error(unsupported) for what running would refuse and
// for commands whose time nobody knows, Error(damaged) for broken queues.
Profile profile_model(const bmodel::Model& model, const ProfileOptions& options);

}  // namespace vnpu::bm1684x
