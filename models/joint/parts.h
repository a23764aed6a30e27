// The readers of a container's members.
#pragma once

#include "base/budget.h"
#include "models/joint/joint.h"

namespace vnpu::joint {

Topology read_topology(ByteView member);
// What it keeps of the part besides the command list is charged to `budget` and kept alive by the result.
Neu read_neu(Bytes member, const Limits& limits, Budget& budget);
AxePart read_axe(ByteView member);  // not a graph: only its magic is told
Performance read_performance(ByteView member);

}  // namespace vnpu::joint
