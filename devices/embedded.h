// The boards' data files, compiled in.
#pragma once

#include <string>
#include <vector>

namespace vnpu::devices {

std::vector<std::string> embedded_names(const std::string& kind);  // "linux", "micropython"
std::string embedded_text(const std::string& name);                // empty: none of that name

}  // namespace vnpu::devices
