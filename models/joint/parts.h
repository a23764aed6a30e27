// The readers of a container's members.
#pragma once

#include "models/joint/joint.h"

namespace vnpu::joint {

Topology read_topology(ByteView member);
Neu read_neu(ByteView member, const Limits& limits);
Performance read_performance(ByteView member);

}  // namespace vnpu::joint
