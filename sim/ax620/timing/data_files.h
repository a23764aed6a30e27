// The TOML files of sim/ax620/timing/data, carried in the program.
#pragma once

#include <span>

#include "sim/core/parameters.h"

namespace vnpu::ax620 {

std::span<const DataFile> data_files();

}  // namespace vnpu::ax620
