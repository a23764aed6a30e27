#include "sim/core/profile.h"

#include <algorithm>
#include <tuple>
#include <unordered_map>

namespace vnpu {
namespace {

// Walks back from the command that ends last: each was held up by another engine's command or by its own predecessor.
void mark_critical(std::vector<std::vector<ProfiledCommand>>& commands, const std::vector<EngineList>& lists) {
  std::size_t engine = 0, at = 0;
  std::uint64_t last = 0;
  bool found = false;
  for (std::size_t e = 0; e < lists.size(); ++e) {
    if (commands[e].empty()) continue;
    const std::uint64_t end = commands[e].back().end;
    if (found && end <= last) continue;
    found = true, last = end, engine = e, at = commands[e].size() - 1;
  }
  while (found) {
    ProfiledCommand& command = commands[engine][at];
    const TimedCommand& timed = lists[engine].commands[at];
    command.critical = true;
    if (command.held_by >= 0) {
      engine = static_cast<std::size_t>(command.held_by);
      at = timed.after[engine] - 1;
    } else if (at > 0) {
      --at;
    } else {
      found = false;
    }
    const std::uint64_t from = found ? commands[engine][at].end : 0;
    command.critical_cycles = command.end - from;
  }
}

}  // namespace

std::uint64_t Profile::host_cycles() const {
  std::uint64_t sum = 0;
  for (const auto& engine : engines) {
    if (!engine.accelerator) sum += engine.critical_cycles;
  }
  return sum;
}

std::uint64_t Profile::inference_cycles() const { return cycles - host_cycles(); }

std::uint64_t Profile::macs() const {
  std::uint64_t sum = 0;
  for (const auto& engine : engines) sum += engine.macs;
  return sum;
}

std::uint64_t Profile::data_bytes() const {
  std::uint64_t sum = 0;
  for (const auto& engine : engines) sum += engine.data_bytes;
  return sum;
}

std::uint64_t Profile::bus_bytes() const {
  std::uint64_t sum = 0;
  for (const auto& engine : engines) sum += engine.bus_bytes;
  return sum;
}

double Profile::mac_efficiency() const {
  if (inference_cycles() == 0 || peak_macs_per_cycle <= 0) return 0;
  return static_cast<double>(macs()) / (static_cast<double>(inference_cycles()) * peak_macs_per_cycle);
}

void Profile::name_layers(const std::vector<std::string>& names) {
  std::unordered_map<std::string, std::uint32_t> place_of;
  std::vector<std::uint32_t> place(layers.size());
  std::vector<std::uint64_t> bound_cycles;  // of the piece that gave a merged layer its bound
  std::vector<ProfiledLayer> merged;
  for (std::size_t i = 0; i < layers.size(); ++i) {
    ProfiledLayer& layer = layers[i];
    const bool named = layer.id && *layer.id < names.size() && !names[*layer.id].empty();
    if (named) layer.name = names[*layer.id];
    const auto next = static_cast<std::uint32_t>(merged.size());
    place[i] = named ? place_of.try_emplace(layer.name, next).first->second : next;
    if (place[i] == next) {
      bound_cycles.push_back(layer.critical_cycles);
      merged.push_back(std::move(layer));
      continue;
    }
    ProfiledLayer& whole = merged[place[i]];
    if (layer.critical_cycles > bound_cycles[place[i]]) {
      bound_cycles[place[i]] = layer.critical_cycles;
      whole.bound = layer.bound;
    }
    whole.pieces += layer.pieces, whole.commands += layer.commands;
    whole.start = std::min(whole.start, layer.start), whole.end = std::max(whole.end, layer.end);
    whole.critical_cycles += layer.critical_cycles, whole.macs += layer.macs;
    whole.data_bytes += layer.data_bytes, whole.bus_bytes += layer.bus_bytes;
    for (std::size_t e = 0; e < whole.busy_cycles.size(); ++e) whole.busy_cycles[e] += layer.busy_cycles[e];
  }
  layers = std::move(merged);
  for (auto& command : commands) command.layer = place[command.layer];
}

namespace {

// What most of a layer's critical (else busy) time goes into.
class LayerBounds {
 public:
  explicit LayerBounds(std::size_t layers) : of_(layers) {}

  void add(const ProfiledCommand& command) {
    auto& entries = of_[command.layer];
    auto at = std::ranges::find(entries, command.bound, &Entry::bound);
    if (at == entries.end()) at = entries.insert(entries.end(), {command.bound, 0, 0});
    at->critical += command.critical_cycles, at->busy += command.end - command.start;
  }
  // Of equals the text that was met first in the profile.
  std::optional<std::uint32_t> most(std::size_t layer) const {
    const auto& entries = of_[layer];
    const auto best = std::ranges::max_element(entries, [](const Entry& a, const Entry& b) {
      return std::tuple(a.critical, a.busy, b.bound) < std::tuple(b.critical, b.busy, a.bound);
    });
    if (best == entries.end()) return std::nullopt;
    return best->bound;
  }

 private:
  struct Entry {
    std::uint32_t bound;
    std::uint64_t critical, busy;
  };
  std::vector<std::vector<Entry>> of_;
};

}  // namespace

void finish_profile(Profile& profile, const std::vector<EngineList>& lists,
                    std::vector<std::vector<ProfiledCommand>> commands, Timeline timeline) {
  std::size_t count = 0;
  for (std::size_t e = 0; e < lists.size(); ++e) {
    for (std::size_t i = 0; i < commands[e].size(); ++i) {
      const CommandTime& time = timeline.engines[e][i];
      commands[e][i].start = time.start;
      commands[e][i].end = time.end;
      commands[e][i].held_by = time.held_by;
    }
    count += commands[e].size();
  }
  mark_critical(commands, lists);
  profile.cycles = timeline.cycles;
  profile.masters = std::move(timeline.masters);

  LayerBounds bounds(profile.layers.size());
  for (auto& layer : profile.layers) {
    layer.busy_cycles.assign(lists.size(), 0);
    layer.start = ~std::uint64_t{0};
  }
  // Every engine's commands are in the order of their start already.
  profile.commands.reserve(count);
  std::vector<std::size_t> at(lists.size(), 0);
  while (profile.commands.size() < count) {
    const ProfiledCommand* earliest = nullptr;
    for (std::size_t e = 0; e < lists.size(); ++e) {
      if (at[e] == commands[e].size()) continue;
      const ProfiledCommand& candidate = commands[e][at[e]];
      if (!earliest || candidate.start < earliest->start) earliest = &candidate;
    }
    ++at[earliest->engine];
    profile.commands.push_back(*earliest);

    const ProfiledCommand& command = *earliest;
    ProfiledEngine& engine = profile.engines[command.engine];
    ProfiledLayer& layer = profile.layers[command.layer];
    const std::uint64_t duration = command.end - command.start;
    ++engine.commands, ++layer.commands;
    engine.busy_cycles += duration, layer.busy_cycles[command.engine] += duration;
    engine.macs += command.macs, layer.macs += command.macs;
    engine.data_bytes += command.data_bytes, layer.data_bytes += command.data_bytes;
    engine.bus_bytes += command.bus_bytes, layer.bus_bytes += command.bus_bytes;
    engine.critical_cycles += command.critical_cycles, layer.critical_cycles += command.critical_cycles;
    layer.start = std::min(layer.start, command.start), layer.end = std::max(layer.end, command.end);
    bounds.add(command);
  }
  for (std::size_t i = 0; i < profile.layers.size(); ++i) {
    if (const auto bound = bounds.most(i)) profile.layers[i].bound = profile.texts[*bound];
  }
}

}  // namespace vnpu
