// The boards on which the vendor's own programs were recorded, and what was recorded (tests/golden/boards; or the
// folder boards of $VNPU_GOLDEN, unpacked).
#pragma once

#include <filesystem>
#include <nlohmann/json.hpp>
#include <string>

#include "tests/devices/board_files.h"
#include "tests/devices/recordings.h"

namespace vnpu::programs {

namespace fs = std::filesystem;
using nlohmann::json;

inline constexpr const char* models = "/home/milkv/cvimodel_samples/";
inline constexpr const char* data = "/home/milkv/cvitek_tpu_sdk/samples/data/";
inline constexpr const char* work = "/home/milkv/work/";

std::string from_base64(const std::string& text);
// The board as it was when the cases were recorded, one after the other.
BoardState recorded_board(const fs::path& folder, const std::string& chip);
// `key` of a case: "stdout_pipe", "stderr_pipe", "tty".
std::string expected(const json& c, const std::string& key);
// Without what differs from run to run: `times` of model_runner and sample_gemm; and the bytes behind the 18 of the
// header's end, which are the stack's.
std::string steady(const std::string& name, const std::string& text, bool times = true);

}  // namespace vnpu::programs
