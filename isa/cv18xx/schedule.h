// The law by which the two engines wait for each other: each command has an id of its own and names a command of the
// other engine that must be finished first. Source of the facts: docs/isa_cv18xx.md, "Scheduling".
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "isa/cv18xx/command_stream.h"

namespace vnpu::cv18xx {

struct SyncIds {
  std::uint16_t id = 0;    // own
  bool waits = false;      // TIU: cmd_id_en; TDMA: always
  std::uint16_t wait = 0;  // id of the other engine's command that must be finished
  bool operator==(const SyncIds&) const = default;
};

SyncIds sync_ids(const TiuCommand& command);
SyncIds sync_ids(const TdmaCommand& command);

// The state of both engines' lists while they run. Each engine runs its list in order, one command at a time; the
// user decides when a command that is ready runs and says when it is finished, so the same law serves an executor
// (finished at once) and a model of time (finished later).
class Schedule {
 public:
  struct Step {
    Engine engine = Engine::tiu;
    std::size_t position = 0;  // in the engine's list
    bool operator==(const Step&) const = default;
  };

  // Throws Error(fault) for a TIU command with id 0, which the vendor's simulator refuses.
  Schedule(std::vector<SyncIds> tiu, std::vector<SyncIds> tdma);
  explicit Schedule(const CommandGroup& group);

  // True when the engine's next command may start: the one before it is finished, what it waits for is finished, and
  // its id does not wait for the other engine's restart. False for a list that is done.
  bool ready(Engine engine) const;
  std::size_t next_position(Engine engine) const { return side(engine).next; }
  bool done(Engine engine) const { return side(engine).next == side(engine).list.size(); }
  bool done() const { return done(Engine::tiu) && done(Engine::tdma); }

  // The engine's next command, which must be ready, has finished.
  void finish(Engine engine);

  // The vendor simulator's order: a TIU command when one is ready, then a TDMA command when one is ready, and so on.
  // Empty when both lists are done; throws Error(fault) when neither engine can go on. The step counts as finished.
  std::optional<Step> next();

 private:
  struct Side {
    std::vector<SyncIds> list;
    std::size_t next = 0;
    std::uint16_t finished = 0;  // id of the last finished command
    bool wrapped = false;        // the next id is smaller: stopped until the other engine is wrapped too
  };

  const Side& side(Engine engine) const { return sides_[engine == Engine::tiu ? 0 : 1]; }
  Side& side(Engine engine) { return sides_[engine == Engine::tiu ? 0 : 1]; }
  static Engine other(Engine engine) { return engine == Engine::tiu ? Engine::tdma : Engine::tiu; }
  std::string describe(Engine engine) const;

  Side sides_[2];
  Engine turn_ = Engine::tiu;
};

// The commands of a group in the vendor simulator's order. Throws as Schedule does; offset() of the error is the
// file offset of the TIU command that cannot go on, or of the TDMA command when the TIU list is done.
std::vector<StreamEntry> in_order(const CommandGroup& group);

}  // namespace vnpu::cv18xx
