// A command as a line of an assembler listing, and as JSON.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string>

#include "isa/ax620/command_list.h"

namespace vnpu::ax620 {

// "conv    8b 3x3/1 pad tblr  ocm[0x0+25600]{160x160x16} -> ocm[..]{..} mode 20"; without index and unit. Messages
// whose meaning is not known are shown as "?name".
std::string print(const pb::Cmd& command);

// Operands under their names in the format; unknown field numbers under "unknown".
nlohmann::json to_json(const pb::Cmd& command);

}  // namespace vnpu::ax620
