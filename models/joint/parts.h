// The readers of a container's members.
#pragma once

#include "models/joint/joint.h"

namespace vnpu::joint {

Topology read_topology(ByteView member);
Neu read_neu(ByteView member, const Limits& limits);
AxePart read_axe(ByteView member);  // not a graph: only its magic is told
Performance read_performance(ByteView member);

}  // namespace vnpu::joint
