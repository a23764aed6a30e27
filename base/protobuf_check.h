// Walks a protobuf message before the library parses it: the library only says no, the walk says where, and it bounds
// what parsing costs.
#pragma once

#include "base/bytes.h"

namespace google::protobuf {
class Descriptor;
}

namespace vnpu {

// Checks every tag, length and number of `message` against its descriptor, messages inside included. Throws
// Error(damaged) with file offset and field, for example "cmds.cmds[3].conv.inputs[0]", and Error(unsupported) when
// what the library makes of it would take more than `memory` bytes: a message of two bytes can become an object of
// several hundred. Fields the descriptor does not know are walked over. Returns how many bytes it would take.
std::uint64_t check_protobuf(ByteView message, const google::protobuf::Descriptor* type, std::uint64_t memory,
                             const std::string& root);

}  // namespace vnpu
