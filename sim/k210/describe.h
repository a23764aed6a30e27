// What `vnpu info` says about a kmodel: its steps, where each runs and why, memory, what would be refused.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string>

#include "models/kmodel/model.h"

namespace vnpu::k210 {

// Why a flash image does not run as a file.
inline constexpr const char* word_swapped_text =
    "every 32-bit word is byte-swapped: this is the form of a flash image for KPU.load_flash; a file for KPU.load has "
    "its words in the ordinary order";

nlohmann::json describe(const kmodel::Model& model);

// Why a layer, node or tensor function is no work for the KPU: the end of "runs on the CPU, because ...".
std::string cpu_reason(const kmodel::v3::Layer& layer);
std::string cpu_reason(const kmodel::v4::Node& node);
std::string cpu_reason(std::string_view tensor_function);

}  // namespace vnpu::k210
