// Where the files of recorded commands lie: in the checkout, or (for other ones) in $VNPU_GOLDEN/cv18xx_commands.
#pragma once

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <vector>

namespace vnpu::cv18xx {

inline constexpr const char* recorded_files_absent =
    "no recorded commands: neither in $VNPU_GOLDEN/cv18xx_commands nor in tests/golden/cv18xx_commands";

// All *.bin.xz and *.bin files of the folder, sorted; empty when it does not exist.
inline std::vector<std::filesystem::path> recorded_files() {
  std::vector<std::filesystem::path> files;
  std::filesystem::path folder = std::filesystem::path(VNPU_SOURCE_DIR) / "tests/golden";
  if (const char* golden = std::getenv("VNPU_GOLDEN")) folder = golden;
  folder /= "cv18xx_commands";
  if (!std::filesystem::is_directory(folder)) return files;
  for (const auto& entry : std::filesystem::directory_iterator(folder)) {
    const auto name = entry.path().filename().string();
    if (name.ends_with(".bin.xz") || name.ends_with(".bin")) files.push_back(entry.path());
  }
  std::sort(files.begin(), files.end());
  return files;
}

}  // namespace vnpu::cv18xx
