// The flatbuffer of a .bmodel as text, as the vendor's model_tool prints it.
#pragma once

#include <string>

#include "base/bytes.h"

namespace vnpu::bmodel {

// Every field by its name in the schema, absent numbers with their defaults; ends without a line feed. Throws what
// read() throws, for all that read() refuses.
std::string as_text(ByteView file);

}  // namespace vnpu::bmodel
