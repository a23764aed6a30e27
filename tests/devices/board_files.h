// A board's programs on a map of files: for tests that need no shell.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "devices/programs/program_host.h"

namespace vnpu::programs {

// The state of the device a case was recorded with.
struct BoardState {
  std::string chip = "cv180x";
  std::map<std::string, Bytes> files;  // by absolute path
  bool tpu = true;
  std::uint64_t ion_bytes = std::uint64_t{16} << 20;
  std::uint64_t ion_used = 0;
  bool rule_records = false;
  std::uint64_t run_ns = 1000000;  // simulated time of each submission
};

struct ProgramResult {
  int status = 0;
  std::string out, err, both;  // both: as on one terminal
};

// TDMA and TIU commands in turn, fixed times: the rule of the recorded cases.
std::vector<PmuRecord> rule_records(std::span<const cv18xx::StreamEntry> stream);

// Runs argv[0] (by its base name) with paths relative to `cwd`. Status 127 when it is no program of the board's.
ProgramResult run_program(BoardState& board, const std::vector<std::string>& argv, const std::string& cwd,
                          const std::map<std::string, std::string>& environment, bool terminal);

}  // namespace vnpu::programs
