#include "isa/cv18xx/schedule.h"

#include <utility>

#include "base/error.h"

namespace vnpu::cv18xx {
namespace {

template <class Get>
auto ids_of(const std::vector<StreamEntry>& list, Get get) {
  std::vector<SyncIds> ids;
  ids.reserve(list.size());
  for (const StreamEntry& entry : list) ids.push_back(sync_ids(get(entry)));
  return ids;
}

}  // namespace

SyncIds sync_ids(const TiuCommand& command) {
  return {static_cast<std::uint16_t>(command.cmd_id_tpu), command.cmd_id_en != 0,
          static_cast<std::uint16_t>(command.cmd_id_gdma)};
}

SyncIds sync_ids(const TdmaCommand& command) {
  return {static_cast<std::uint16_t>(command.cmd_id), true, static_cast<std::uint16_t>(command.wait_id_tpu)};
}

Schedule::Schedule(std::vector<SyncIds> tiu, std::vector<SyncIds> tdma) {
  for (std::size_t i = 0; i < tiu.size(); ++i) {
    if (tiu[i].id == 0) {
      throw Error(ErrorKind::fault, "TIU command " + std::to_string(i) + ": cmd_id_tpu is 0, ids start at 1");
    }
  }
  sides_[0].list = std::move(tiu);
  sides_[1].list = std::move(tdma);
}

Schedule::Schedule(const CommandGroup& group)
    : Schedule(ids_of(group.tiu, [](const StreamEntry& e) -> const TiuCommand& { return e.tiu(); }),
               ids_of(group.tdma, [](const StreamEntry& e) -> const TdmaCommand& { return e.tdma(); })) {}

bool Schedule::ready(Engine engine) const {
  const Side& own = side(engine);
  if (own.next == own.list.size() || own.wrapped) return false;
  const SyncIds& ids = own.list[own.next];
  return !ids.waits || side(other(engine)).finished >= ids.wait;
}

void Schedule::finish(Engine engine) {
  Side& own = side(engine);
  Side& peer = side(other(engine));
  if (!ready(engine)) throw Error(ErrorKind::internal, "schedule: finished a command that could not have started");
  own.finished = own.list[own.next++].id;
  own.wrapped = own.next < own.list.size() && own.list[own.next].id < own.finished;
  if (own.wrapped && peer.wrapped) {
    own.wrapped = peer.wrapped = false;
    own.finished = peer.finished = 0;
  }
}

std::optional<Schedule::Step> Schedule::next() {
  if (done()) return std::nullopt;
  for (int tries = 0; tries < 2; ++tries) {
    const Engine engine = turn_;
    turn_ = other(turn_);
    if (!ready(engine)) continue;
    const Step step{engine, side(engine).next};
    finish(engine);
    return step;
  }
  throw Error(ErrorKind::fault, "deadlock: " + describe(Engine::tiu) + "; " + describe(Engine::tdma));
}

std::string Schedule::describe(Engine engine) const {
  const Side& own = side(engine);
  const Side& peer = side(other(engine));
  const std::string unit = engine == Engine::tiu ? "TIU" : "TDMA";
  const std::string peer_unit = engine == Engine::tiu ? "TDMA" : "TIU";
  if (own.next == own.list.size()) return unit + " has no more commands";
  const SyncIds& ids = own.list[own.next];
  const std::string head = unit + " command " + std::to_string(own.next) + " (id " + std::to_string(ids.id) + ")";
  if (own.wrapped) {
    return head + " follows id " + std::to_string(own.finished) + " and waits for the " + peer_unit +
           " ids to restart too";
  }
  return head + " waits for " + peer_unit + " id " + std::to_string(ids.wait) + ", the last finished is " +
         std::to_string(peer.finished);
}

std::vector<StreamEntry> in_order(const CommandGroup& group) {
  std::vector<StreamEntry> order;
  order.reserve(group.tiu.size() + group.tdma.size());
  Schedule schedule(group);
  try {
    while (const auto step = schedule.next()) {
      order.push_back((step->engine == Engine::tiu ? group.tiu : group.tdma)[step->position]);
    }
  } catch (const Error& error) {
    const bool tiu = !schedule.done(Engine::tiu);
    const StreamEntry& stuck =
        tiu ? group.tiu[schedule.next_position(Engine::tiu)] : group.tdma[schedule.next_position(Engine::tdma)];
    throw Error(error.kind(), stuck.file_offset, tiu ? "cmd_id_gdma" : "wait_id_tpu", error.what());
  }
  return order;
}

}  // namespace vnpu::cv18xx
