// The TOML files of sim/k210/timing/data, carried in the program.
#pragma once

#include <span>

#include "sim/core/parameters.h"

namespace vnpu::k210 {

std::span<const DataFile> data_files();

}  // namespace vnpu::k210
