// A .cvimodel's program on a board's clock: costs of its commands, run against each other.
#pragma once

#include <vector>

#include "isa/cv18xx/command_stream.h"
#include "models/cvimodel/model.h"
#include "sim/core/profile.h"

namespace vnpu::cv18xx {

// ProfiledCommand::kind: the record type of the performance unit, or a copy within DRAM, which leaves a load and a
// store.
enum PmuKind : std::uint8_t { pmu_none = 0, pmu_load = 1, pmu_store = 2, pmu_move = 3, pmu_tiu = 4, pmu_copy = 5 };

// Throws Error(unsupported) for a model that cannot be run, Error(usage) for an unknown program, board or parameter or
// a board of another chip, Error(fault) for commands that would not run on the chip.
Profile profile_model(const cvimodel::Model& model, const ProfileOptions& options);

// The records the performance unit would leave, in the order of completion: type:4, id:16, event0:22 (bursts),
// event1:22 (beats of 16 bytes), end:32, start:32, little endian, and 16 zero bytes at the end.
Bytes pmu_records(const Profile& profile);

}  // namespace vnpu::cv18xx
