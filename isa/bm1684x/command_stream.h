// The two queues of a command group as typed commands, and a legal order to execute them in. Source of the facts:
// docs/isa_bm1684x.md.
#pragma once

#include <cstdint>
#include <string>
#include <variant>
#include <vector>

#include "base/bytes.h"
#include "isa/bm1684x/command.h"

namespace vnpu::bm1684x {

struct StreamEntry {
  std::variant<TiuCommand, GdmaCommand> command;
  std::uint64_t file_offset = 0;
  std::uint32_t index = 0;  // position in its queue, from 0
  std::uint32_t bytes = 0;  // of its form

  Engine engine() const { return static_cast<Engine>(command.index()); }
  const TiuCommand& tiu() const { return std::get<TiuCommand>(command); }
  const GdmaCommand& gdma() const { return std::get<GdmaCommand>(command); }
  std::uint32_t id() const;      // own sync id
  std::uint32_t id_dep() const;  // of the other engine's command that must be finished; 0: none
  bool is_end() const;           // the queue's end command, which does nothing
  std::string mnemonic() const;
};

// `count` commands from the start of `queue`, the end command included; what follows must be zero padding. Throws
// Error(damaged) for a queue that is cut short, does not end with its only end command, or whose ids are not 1, 2, 3
// ..., and Error(unsupported) for commands that do not exist. Memory: at most about 40 times the queue.
std::vector<StreamEntry> parse_queue(Engine engine, ByteView queue, std::uint32_t count);

// Both queues in one legal order, without their end commands: a TIU command runs as soon as the GDMA command it waits
// for is finished. Throws Error(damaged) when the queues wait for each other for ever.
std::vector<StreamEntry> in_order(std::vector<StreamEntry> tiu, std::vector<StreamEntry> gdma);

}  // namespace vnpu::bm1684x
