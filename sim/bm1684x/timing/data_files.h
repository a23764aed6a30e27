// The TOML files of sim/bm1684x/timing/data, carried in the program.
#pragma once

#include <span>

#include "sim/core/parameters.h"

namespace vnpu::bm1684x {

std::span<const DataFile> data_files();

}  // namespace vnpu::bm1684x
