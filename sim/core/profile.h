// What a profile tells, whatever the family: commands with their times, and the sums made of them.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "sim/core/timeline.h"

namespace vnpu {

struct ProfileOptions {
  std::string board;                  // empty: the reference board of the model's chip
  std::vector<std::string> settings;  // "key=value": parameters set by the user
  unsigned program = 0;
};

struct ProfileParameter {
  std::string key, unit, meaning;
  double value = 0;
  std::string from, note;  // "measured", "published", "inferred", "fitted", "guessed", "set"; the source in words
};

struct ProfiledCommand {
  std::uint32_t engine = 0;  // index into Profile::engines
  std::uint32_t text = 0;    // index into Profile::texts: mnemonic
  std::uint32_t bound = 0;   // index into Profile::texts: what it spends its time with
  std::uint32_t layer = 0;   // index into Profile::layers
  std::uint64_t start = 0, end = 0;
  std::uint64_t macs = 0;
  std::uint64_t data_bytes = 0;  // payload moved to or from DRAM
  std::uint64_t bus_bytes = 0;   // what the bus carried for it
  std::uint64_t bursts = 0;
  std::uint32_t id = 0;   // the command's own id
  std::uint8_t kind = 0;  // the family's kind of record in its performance unit (0: none)
  std::int8_t held_by = -1;
  bool critical = false;              // on the critical path
  std::uint64_t critical_cycles = 0;  // its part of the total: its duration and the gap before it
};

struct ProfiledEngine {
  std::string name;
  bool accelerator = true;  // false: the CPU, whose time the performance unit does not see
  std::uint64_t commands = 0, busy_cycles = 0, macs = 0, data_bytes = 0, bus_bytes = 0, critical_cycles = 0;
};

struct ProfiledLayer {
  std::optional<std::uint32_t> id;  // of the source layer; absent: CPU
  std::string name;                 // from the converter's table, else what it does: "tiu.conv"
  std::string bound;                // what most of its critical (else busy) time goes into
  std::uint64_t commands = 0, start = 0, end = 0, critical_cycles = 0, macs = 0, data_bytes = 0, bus_bytes = 0;
  std::vector<std::uint64_t> busy_cycles;  // by engine
  std::uint32_t pieces = 1;                // layers of the converter that are one in the source
};

// A layer as the converter estimated it, and what this profile says of the same commands.
struct EstimatedLayer {
  std::string name;                            // of the source network; empty: commands that no row stands for
  double cycles = 0, macs = 0;                 // the converter's
  std::uint64_t own_cycles = 0, own_macs = 0;  // busy cycles of all engines together
  std::uint32_t own_layers = 0;                // compiled layers
};

struct ConverterEstimate {
  std::string macs_unit;                    // what the converter counts: "2-bit x 4-bit"
  std::vector<EstimatedLayer> layers;       // in the converter's order
  double total_cycles = 0, total_macs = 0;  // as it states them
};

struct Profile {
  std::string chip, board, board_title, status;
  double mhz = 0;
  double peak_macs_per_cycle = 0;          // of the engine that multiplies, in the model's main type
  double memory_bytes_per_second = 0;      // effective, long runs
  std::uint64_t cycles = 0;                // first start to last end on the engines
  double runtime_ms = 0;                   // estimated around it: call and copies
  double copy_in_ms = 0, copy_out_ms = 0;  // of runtime_ms, where a family knows them apart
  std::uint64_t input_bytes = 0, output_bytes = 0;
  std::vector<ProfileParameter> parameters;
  std::vector<std::string> texts;
  std::vector<ProfiledEngine> engines;
  std::vector<ProfiledLayer> layers;      // in the order of their first command
  std::vector<ProfiledCommand> commands;  // in the order of their start
  std::vector<MasterCount> masters;       // of the memory
  std::optional<ConverterEstimate> estimate;

  double ms(std::uint64_t cycle_count) const { return static_cast<double>(cycle_count) / mhz / 1e3; }
  std::uint64_t host_cycles() const;       // functions on the CPU, on the critical path
  std::uint64_t inference_cycles() const;  // the rest: what the performance unit counts
  std::uint64_t macs() const;
  std::uint64_t data_bytes() const;
  std::uint64_t bus_bytes() const;
  double mac_efficiency() const;  // of the peak, over the whole time; 0 when nothing multiplies

  // Names layers by id, as the converter's table tells them. Layers of the same name, which the converter works on
  // piece by piece, become one, with the first one's id.
  void name_layers(const std::vector<std::string>& names);
};

// Fills in times, critical path and sums. `commands`: what the lists ran, by engine, in the order of its list; they go
// to the profile in the order of their start.
void finish_profile(Profile& profile, const std::vector<EngineList>& lists,
                    std::vector<std::vector<ProfiledCommand>> commands, Timeline timeline);

}  // namespace vnpu
