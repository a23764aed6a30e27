#include "sim/core/profile.h"

#include <algorithm>
#include <map>

namespace vnpu {
namespace {

// Walks back from the command that ends last: each was held up by another engine's command or by its own predecessor.
void mark_critical(std::vector<ProfiledCommand>& commands, const std::vector<EngineList>& lists,
                   const std::vector<std::size_t>& first) {
  std::size_t engine = 0, at = 0;
  std::uint64_t last = 0;
  bool found = false;
  for (std::size_t e = 0; e < lists.size(); ++e) {
    if (lists[e].commands.empty()) continue;
    const std::uint64_t end = commands[first[e] + lists[e].commands.size() - 1].end;
    if (found && end <= last) continue;
    found = true, last = end, engine = e, at = lists[e].commands.size() - 1;
  }
  while (found) {
    ProfiledCommand& command = commands[first[engine] + at];
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
    const std::uint64_t from = found ? commands[first[engine] + at].end : 0;
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
  for (auto& layer : layers) {
    if (layer.id && *layer.id < names.size() && !names[*layer.id].empty()) layer.name = names[*layer.id];
  }
}

void finish_profile(Profile& profile, const std::vector<EngineList>& lists, Timeline timeline) {
  std::vector<std::size_t> first;
  std::size_t next = 0;
  for (std::size_t e = 0; e < lists.size(); ++e) {
    first.push_back(next);
    for (const CommandTime& time : timeline.engines[e]) {
      ProfiledCommand& command = profile.commands[next++];
      command.start = time.start;
      command.end = time.end;
      command.held_by = time.held_by;
    }
  }
  mark_critical(profile.commands, lists, first);
  profile.cycles = timeline.cycles;
  profile.masters = std::move(timeline.masters);

  std::vector<std::map<std::uint32_t, std::pair<std::uint64_t, std::uint64_t>>> bounds(profile.layers.size());
  for (auto& layer : profile.layers) {
    layer.busy_cycles.assign(lists.size(), 0);
    layer.start = ~std::uint64_t{0};
  }
  for (const ProfiledCommand& command : profile.commands) {
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
    auto& [critical, busy] = bounds[command.layer][command.bound];
    critical += command.critical_cycles, busy += duration;
  }
  for (std::size_t i = 0; i < profile.layers.size(); ++i) {
    std::pair<std::uint64_t, std::uint64_t> most{0, 0};
    for (const auto& [text, cycles] : bounds[i]) {
      if (!profile.layers[i].bound.empty() && cycles <= most) continue;
      most = cycles;
      profile.layers[i].bound = profile.texts[text];
    }
  }
  std::ranges::stable_sort(profile.commands, [](const ProfiledCommand& a, const ProfiledCommand& b) {
    return a.start != b.start ? a.start < b.start : a.engine < b.engine;
  });
}

}  // namespace vnpu
