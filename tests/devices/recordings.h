// What was recorded of the boards' own programs and of the makers' post-processing: tests/golden/boards, or the folder
// boards of $VNPU_GOLDEN, unpacked.
#pragma once

#include <filesystem>

namespace vnpu {

// The folder with the recordings: unpacked once, and gone at the end of the process.
std::filesystem::path recordings();

}  // namespace vnpu
