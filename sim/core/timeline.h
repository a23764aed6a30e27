// Simulated time: engines that work through lists of commands, wait for each other and share one memory. What a command
// costs is the caller's business; here is only what happens when many of them run at once. Nothing in this header needs
// SystemC, which stays inside timeline.cpp.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <vector>

namespace vnpu {

// One piece of work on the memory. `bytes` is what the bus carries: whole units, as the caller has rounded them.
struct MemoryAccess {
  std::uint64_t bytes = 0;
  std::uint32_t runs = 0;        // separate contiguous pieces
  std::uint32_t pages : 31 = 0;  // DRAM rows opened, counted over the runs
  bool write : 1 = false;
};

inline constexpr std::size_t max_engines = 4;

// One command of an engine. It lasts `start_cycles`, then the longer of `work_cycles` and its memory accesses (one
// after the other), which run side by side.
struct TimedCommand {
  std::uint64_t work_cycles = 0;
  std::array<MemoryAccess, 2> access{};  // of 0 bytes: none
  std::uint32_t start_cycles = 0;
  // How many commands of each engine (by its place in the list of engines) must be finished before this one starts.
  std::array<std::uint32_t, max_engines> after{};
};

struct EngineList {
  std::string name;
  std::uint32_t issue_cycles = 1;  // from the end of a command to the earliest start of the next
  std::uint32_t wake_cycles = 1;   // from the end of another engine's command to the start of one that waited for it
  std::vector<TimedCommand> commands;
};

// A dynamic memory behind one controller that serves one master at a time, in turns of `turn_bytes`.
struct DramTiming {
  std::uint32_t bus_bits = 16;
  double mega_transfers = 1866;     // a second, on every line
  double efficiency = 1.0;          // of the peak, on long runs (refresh, turn-around, page changes)
  double run_ns = 0;                // lost for every separate run
  double page_ns = 0;               // lost for every row that is opened
  std::uint32_t turn_bytes = 1024;  // after so many another waiting master is served

  double bytes_per_ns() const { return bus_bits / 8.0 * mega_transfers * efficiency / 1e3; }
};

// Another master of the memory, asking for `burst_bytes` as often as its rate says, as long as the engines run.
struct Background {
  std::string name;
  double bytes_per_us = 0;
  std::uint32_t burst_bytes = 4096;
  bool write = false;
};

struct MachineTiming {
  double mhz = 500;  // of all engines
  DramTiming dram;
  std::vector<Background> background;
  // A lone master of the memory is answered without stepping through its accesses. False: it is stepped like the
  // others; the times are the same.
  bool run_ahead = true;
};

struct CommandTime {
  std::uint64_t start = 0, end = 0;  // cycles of the engines' clock
  std::uint64_t memory_wait_ns = 0;  // time in which another master had the memory
  std::int8_t held_by = -1;          // the engine whose command it started behind; -1: its own list, or nothing
  std::uint64_t duration() const { return end - start; }
};

struct MasterCount {
  std::string name;
  std::uint64_t read_bytes = 0, written_bytes = 0, accesses = 0;
  double busy_ns = 0, waited_ns = 0;
};

struct Timeline {
  std::vector<std::vector<CommandTime>> engines;  // in the order of the lists
  std::uint64_t cycles = 0;                       // end of the last command; the first may start at 0
  std::vector<MasterCount> masters;               // of the memory: engines in order, then background
};

// Runs the lists to their end. The same input gives the same timeline, whatever the thread. Throws Error(usage) for
// parameters out of range or more than max_engines lists, Error(fault) when every engine waits (naming the commands).
// SystemC keeps its kernel in global variables, so runs in one process take turns (a mutex inside).
Timeline simulate(const std::vector<EngineList>& engines, const MachineTiming& machine);

}  // namespace vnpu
