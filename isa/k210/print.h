// KPU layers as an assembler listing and as JSON. listing_header() says what a line means.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string>

#include "isa/k210/layer.h"

namespace vnpu::k210 {

// "kpu.conv3x3", "kpu.dw1x1.max2"; "kpu.kernel5" and ".pool12" for codes that do not exist.
std::string mnemonic(const Layer& layer);

std::string listing_header();  // comment lines, each ending in a newline

// "INDEX  WHAT  TEXT" in the columns of all listings, without trailing blanks or a newline.
std::string listing_line(std::uint64_t index, const std::string& what, const std::string& text);

// Operands and attributes of a layer: "dst @23408 16x120x160, src @29168 3x240x320  pad=7 ...".
std::string operands(const Layer& layer);

// {mnemonic, fields}: every field that is not 0, by the name of the field table.
nlohmann::ordered_json to_json(const Layer& layer);

}  // namespace vnpu::k210
