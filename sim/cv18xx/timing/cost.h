// How long each command takes when nothing holds it up: a function of its fields and of the board's parameters. No
// arithmetic on tensors. Laws and their basis: docs/timing_cv18xx.md.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <tuple>
#include <vector>

#include "isa/cv18xx/command.h"
#include "sim/core/timeline.h"
#include "sim/cv18xx/timing/parameters.h"

namespace vnpu::cv18xx {

// What a command spends its time with.
enum class Bound : std::uint8_t {
  start,
  products,
  fetch,
  requantise,
  elements,
  local_memory,
  dram,
  transposition,
  cpu
};
const char* name(Bound bound);

struct CommandCost {
  TimedCommand timed;  // without `after`
  Bound bound = Bound::start;
  std::uint64_t macs = 0;        // multiply-accumulates asked for, padding included
  std::uint64_t data_bytes = 0;  // TDMA: elements moved to or from global memory, as stored there
  std::uint64_t bursts = 0;      // TDMA: transactions on the bus of at most 256 bytes
};

// Multiply-accumulates of a command: of convolutions, depthwise commands and matrix products, else 0.
std::uint64_t macs_of(const TiuCommand& command);

class CostModel {
 public:
  explicit CostModel(const TimingValues& values);

  // Throws Error(fault) for a command that could not end within an hour.
  CommandCost tiu(const TiuCommand& command);
  // `stored`: length of the compressed stream of a compressed transfer, when known. Throws as tdma_form does, and
  // Error(fault) for a transfer that cannot lie in local memory.
  CommandCost tdma(const TdmaCommand& command, std::optional<std::uint64_t> stored = {}) const;

 private:
  // Words of 16 bytes that a group of output pixels reads for each kernel column, the mean over a plane.
  struct Fetch {
    double sum = 0;  // over the columns
    std::vector<double> column;
  };
  using FetchKey = std::array<std::uint32_t, 11>;
  const Fetch& fetch(const TiuCommand& command, std::uint32_t element);

  double conv_loop(const TiuCommand& command, Bound& bound);
  double window_loop(const TiuCommand& command, Bound& bound);

  TimingValues v_;
  std::uint32_t lanes_;
  std::map<FetchKey, Fetch> fetches_;
};

}  // namespace vnpu::cv18xx
