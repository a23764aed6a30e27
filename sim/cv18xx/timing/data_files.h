// The TOML files of sim/cv18xx/timing/data, carried in the program.
#pragma once

#include <span>

#include "sim/core/parameters.h"

namespace vnpu::cv18xx {

std::span<const DataFile> data_files();

}  // namespace vnpu::cv18xx
