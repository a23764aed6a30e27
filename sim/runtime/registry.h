// open(file) -> ModelFile: the registry of families.
#pragma once

#include <filesystem>
#include <memory>

#include "sim/core/checks.h"
#include "sim/core/network.h"

namespace vnpu {

// Finds the family by the file's own bytes and reads it. Throws Error(damaged) for what no family knows, naming the
// first bytes, and the family's errors otherwise.
std::unique_ptr<ModelFile> open_model(ByteView file);
std::unique_ptr<ModelFile> open_model(const std::filesystem::path& path);

// A file of a family's own checks (unpacked); null when no family claims it.
std::unique_ptr<CheckFile> open_checks(ByteView unpacked);

}  // namespace vnpu
