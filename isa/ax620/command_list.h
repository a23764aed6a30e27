// The command list of an AX620A model, decoded once: memory map, commands, and the jobs they form. Source:
// docs/isa_ax620.md. The messages themselves are described once, in commands.proto.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/bytes.h"
#include "commands.pb.h"

namespace vnpu::ax620 {

inline constexpr unsigned execution_units = 5;  // 0, 1 convolution; 2 warp; 3, 4 DMA with tensor units

// A stretch of the model's DDR map, [start, end) in bytes.
struct Region {
  std::string name;
  std::uint64_t start = 0, end = 0;

  std::uint64_t size() const { return end - start; }
};

enum class Kind { none, sync, ld, st, mv, conv, fetch, warp, remap, blend, ccm, itp, ydrc };

const char* name(Kind kind);
// The kind a command carries; throws Error(damaged) when it carries none or several.
Kind kind(const pb::Cmd& command);

struct CommandList {
  std::vector<Region> inputs, outputs, swaps, parameters;
  std::string mode;  // "MODE_0", "MODE_111", "MODE_112"
  std::vector<pb::Cmd> commands;
};

// Throws Error(damaged) with offset (in the unpacked list) and field, Error(unsupported) for another chip's list and
// for one that would take more than `memory` bytes.
CommandList read_command_list(ByteView unpacked, std::uint64_t memory = std::uint64_t{256} << 20);

// Wait until execution unit `unit` has finished its job `job`.
struct Wait {
  unsigned unit = 0;
  unsigned job = 0;

  bool operator==(const Wait&) const = default;
};

// What one execution unit does in one piece: its commands up to and including one with an id > 0.
struct Job {
  unsigned unit = 0;
  unsigned id = 0;  // 1, 2, 3 .. on its unit
  std::vector<Wait> waits;
  std::vector<std::size_t> commands;  // indices in the list, syncs left out
};

// The jobs of each unit in its order. Throws Error(damaged) naming the command when a unit does not exist, ids are not
// consecutive, or the list ends within a job.
std::vector<std::vector<Job>> jobs(const CommandList& list);

// An order in which all jobs can run: each unit in turn goes as far as its waits allow. Throws Error(fault) naming the
// jobs that wait for ever.
std::vector<const Job*> order(const std::vector<std::vector<Job>>& units);

// The same jobs as the machine code has them: opcode 0xa2 with 0xE = wait, with 4 = done. `streams`: commands per unit.
// Throws Error(damaged) for a unit that does not exist.
std::vector<std::vector<Job>> machine_code_jobs(const std::vector<std::uint64_t>& code,
                                                const std::vector<std::uint32_t>& streams);

}  // namespace vnpu::ax620
