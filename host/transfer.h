// Files and folders between the host and a board, for `vnpu exec`.
#pragma once

#include <filesystem>
#include <string>

#include "devices/vfs/vfs.h"

namespace vnpu::cli {

// Copies a host file, or a folder with all in it (links followed), to `target` on the board. A target that is a folder
// or ends in '/' takes the source's name; missing folders are made. Permission bits are kept, owners are `who`.
// Throws Error usage, damaged or fault naming the path.
void put(devices::Vfs& files, const devices::Credentials& who, const std::filesystem::path& source,
         const std::string& target);

// The other way; `source` is absolute. A host target that is a folder or ends in '/' takes the source's name.
void get(devices::Vfs& files, const devices::Credentials& who, const std::string& source,
         const std::filesystem::path& target);

}  // namespace vnpu::cli
