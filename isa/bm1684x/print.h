// Commands as an assembler listing and as JSON. What a listing line means is said by its header: listing_header().
#pragma once

#include <functional>
#include <nlohmann/json_fwd.hpp>
#include <string>
#include <vector>

#include "isa/bm1684x/command_stream.h"

namespace vnpu::bm1684x {

// What the printer cannot know from the commands.
struct PrintOptions {
  std::function<std::string(std::uint64_t address)> tensor_name;  // of a DDR address; empty: not known
};

std::string listing_header();  // comment lines that explain the notation, each ending in a newline

// One line without a newline, columns aligned with those of all other lines.
std::string print(const StreamEntry& entry, const PrintOptions& options);

// {index, offset, bytes, engine, mnemonic, id, wait, tensors, fields}; "fields" holds every field that is not 0, by the
// name of the field table; parts that say nothing are absent.
nlohmann::ordered_json to_json(const StreamEntry& entry, const PrintOptions& options);

// ---- pieces ----

// The parts of a line behind the mnemonic.
struct Line {
  std::vector<std::string> operands, attributes;
};
Line line_of(const TiuCommand& command);
Line line_of(const GdmaCommand& command);

// Addresses in DDR that a GDMA command names, source first.
std::vector<std::uint64_t> ddr_addresses(const GdmaCommand& command);

std::string local_address(std::uint64_t address);   // L3+0x0120
std::string global_address(std::uint64_t address);  // L3+0x0120, S+0x40, L2+0x0, ddr+0x1000

}  // namespace vnpu::bm1684x
