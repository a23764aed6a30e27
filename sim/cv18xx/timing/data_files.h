// The TOML files of sim/cv18xx/timing/data, carried in the program.
#pragma once

#include <span>
#include <string_view>

namespace vnpu::cv18xx {

struct DataFile {
  std::string_view path;  // below the folder: "boards/maixcam.toml"
  std::string_view text;
};

std::span<const DataFile> data_files();

}  // namespace vnpu::cv18xx
