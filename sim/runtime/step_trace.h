// Golden traces of whole memories: traces.json as a list of one row a command, in the order of execution, with
//   op, id, e            mnemonic, sync id and engine, for messages
//   lmem                 CRC-32 of all of local memory after the command
//   ddr                  CRC-32 of the range of global memory that case.json's "trace" names (ddr_crc_from,
//   ddr_crc_size)
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>

#include "sim/core/network.h"

namespace vnpu {

bool is_step_trace(const nlohmann::json& traces);

// Steps the network, whose inputs are set, through one inference. The first row that differs, or nothing; `compared`
// counts the rows. Throws Error(damaged) for rows that are not of this form.
std::optional<std::string> compare_steps(Network& network, const nlohmann::json& traces, const nlohmann::json& info,
                                         std::size_t& compared);

}  // namespace vnpu
