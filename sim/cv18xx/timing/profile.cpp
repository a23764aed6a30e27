#include "sim/cv18xx/timing/profile.h"

#include <algorithm>
#include <cmath>
#include <unordered_map>

#include "base/error.h"
#include "isa/cv18xx/print.h"
#include "isa/cv18xx/schedule.h"
#include "sim/cv18xx/placement.h"
#include "sim/cv18xx/tensor_info.h"
#include "sim/cv18xx/timing/cost.h"

namespace vnpu::cv18xx {
namespace {

enum EngineIndex : std::uint32_t { at_tiu = 0, at_tdma = 1, at_cpu = 2 };

class Builder {
 public:
  Builder(const cvimodel::Model& model, const ProfileOptions& options)
      : model_(model), program_(select(options.program)), board_(choose_board(options)), costs_(board_.values) {
    lists_ = {{"tiu", whole(board_.values.issue_gap), whole(board_.values.wake_tiu), {}},
              {"tdma", whole(board_.values.issue_gap), whole(board_.values.wake_tdma), {}},
              {"cpu", 0, 0, {}}};
    per_engine_.resize(lists_.size());
  }

  Profile build();

 private:
  static std::uint32_t whole(double value) { return static_cast<std::uint32_t>(std::llround(value)); }

  const cvimodel::Program& select(unsigned index) const {
    if (index >= model_.programs.size()) {
      throw Error(ErrorKind::usage, "program " + std::to_string(index) + " does not exist: the model has " +
                                        std::to_string(model_.programs.size()));
    }
    return model_.programs[index];
  }

  TimingBoard choose_board(const ProfileOptions& options) const {
    const std::string& chip = model_.header.chip;
    TimingBoard board =
        timing_board(options.board.empty() ? default_timing_board(chip) : options.board, options.settings);
    if (std::ranges::find(board.accepts, chip) == board.accepts.end()) {
      std::string fitting;
      for (const auto& name : timing_boards()) {
        const TimingBoard other = timing_board(name);
        if (std::ranges::find(other.accepts, chip) != other.accepts.end()) fitting += " " + name;
      }
      throw Error(ErrorKind::usage, "board '" + board.name + "' has a " + board.chip + ", the model is for " + chip +
                                        "; boards for it:" + fitting);
    }
    return board;
  }

  std::uint32_t text(const std::string& words) {
    const auto [at, is_new] = text_of_.try_emplace(words, static_cast<std::uint32_t>(profile_.texts.size()));
    if (is_new) profile_.texts.push_back(words);
    return at->second;
  }

  std::uint32_t layer(std::optional<std::uint32_t> id, const std::string& what, bool computes);
  void add_group(const CommandGroup& group);
  void add_tiu(const StreamEntry& entry, const std::array<std::uint32_t, max_engines>& after);
  void add_tdma(const StreamEntry& entry, const std::array<std::uint32_t, max_engines>& after);
  void add(EngineIndex engine, const CommandCost& cost, ProfiledCommand command,
           const std::array<std::uint32_t, max_engines>& after);
  void add_host_function(const cvimodel::Routine& routine, const std::string& function);
  std::optional<std::uint64_t> stored_length(const TdmaCommand& command) const;
  std::uint64_t bytes_of(const std::vector<std::string>& names) const;
  // Everything that has been listed so far must be finished.
  std::array<std::uint32_t, max_engines> all_before() const {
    std::array<std::uint32_t, max_engines> counts{};
    for (std::size_t e = 0; e < lists_.size(); ++e) counts[e] = static_cast<std::uint32_t>(lists_[e].commands.size());
    return counts;
  }

  const cvimodel::Model& model_;
  const cvimodel::Program& program_;
  TimingBoard board_;
  CostModel costs_;
  Profile profile_;
  std::vector<EngineList> lists_;
  std::vector<std::vector<ProfiledCommand>> per_engine_;
  std::unordered_map<std::string, std::uint32_t> text_of_;
  std::unordered_map<std::uint32_t, std::uint32_t> layer_of_;
  std::vector<bool> layer_named_by_tiu_;
};

std::uint32_t Builder::layer(std::optional<std::uint32_t> id, const std::string& what, bool computes) {
  const auto make = [&] {
    ProfiledLayer made;
    made.id = id;
    made.name = what;
    profile_.layers.push_back(std::move(made));
    layer_named_by_tiu_.push_back(computes);
    return static_cast<std::uint32_t>(profile_.layers.size() - 1);
  };
  if (!id) return make();
  const auto [at, is_new] = layer_of_.try_emplace(*id, 0);
  if (is_new) at->second = make();
  if (computes && !layer_named_by_tiu_[at->second]) {
    profile_.layers[at->second].name = what;
    layer_named_by_tiu_[at->second] = true;
  }
  return at->second;
}

void Builder::add(EngineIndex engine, const CommandCost& cost, ProfiledCommand command,
                  const std::array<std::uint32_t, max_engines>& after) {
  command.engine = engine;
  command.bound = text(name(cost.bound));
  command.macs = cost.macs;
  command.data_bytes = cost.data_bytes;
  command.bus_bytes = cost.timed.access[0].bytes + cost.timed.access[1].bytes;
  command.bursts = cost.bursts;
  lists_[engine].commands.push_back(cost.timed);
  lists_[engine].commands.back().after = after;
  per_engine_[engine].push_back(command);
}

void Builder::add_tiu(const StreamEntry& entry, const std::array<std::uint32_t, max_engines>& after) {
  ProfiledCommand command;
  const std::string words = mnemonic(entry);
  command.text = text(words);
  command.layer = layer(entry.tiu().layer_info, words, true);
  command.id = entry.tiu().cmd_id_tpu;
  command.kind = pmu_tiu;
  add(at_tiu, costs_.tiu(entry.tiu()), command, after);
}

void Builder::add_tdma(const StreamEntry& entry, const std::array<std::uint32_t, max_engines>& after) {
  const TdmaCommand& tdma = entry.tdma();
  ProfiledCommand command;
  const std::string words = mnemonic(entry);
  command.text = text(words);
  command.layer = layer(tdma.layer_ID, words, false);
  command.id = tdma.cmd_id;
  command.kind = tdma.trans_dir == g2l ? pmu_load : tdma.trans_dir == l2l ? pmu_move : pmu_store;
  add(at_tdma, costs_.tdma(tdma, stored_length(tdma)), command, after);
}

// The header of a compressed tensor among the weights tells its length: 16 bytes, one byte a block of 16 symbols, data.
std::optional<std::uint64_t> Builder::stored_length(const TdmaCommand& command) const {
  if (!command.compress_en || command.trans_dir != g2l || command.src_base_reg_sel != base_weight) return {};
  const std::uint64_t at = command.src_address();
  for (const auto& section : model_.sections) {
    if (section.type != cvimodel::SectionType::weight) continue;
    if (at > section.bytes.size() || section.bytes.size() - at < 16) return {};
    const std::uint8_t* header = section.bytes.data() + at;
    const std::uint64_t data = header[0] | header[1] << 8 | header[2] << 16;
    const bool matrix = command.sys_dtype != 0;
    const std::uint64_t elements = matrix
                                       ? std::uint64_t{command.src_n} * command.src_w
                                       : std::uint64_t{command.src_n} * command.dst_c * command.dst_h * command.dst_w;
    const std::uint64_t blocks = (elements + 15) / 16;
    return 16 + (blocks + 15) / 16 * 16 + data;
  }
  return {};
}

// Ids count within a group and start again where they fall; positions in the whole list take their place here.
void Builder::add_group(const CommandGroup& group) {
  in_order(group);  // throws when the two lists cannot come to an end
  struct Epoch {
    std::vector<std::uint16_t> ids;
    std::size_t first = 0;
  };
  const auto epochs_of = [](const std::vector<StreamEntry>& list) {
    std::vector<Epoch> epochs;
    std::uint16_t before = 0;
    for (std::size_t i = 0; i < list.size(); ++i) {
      const auto id = list[i].engine == Engine::tiu ? sync_ids(list[i].tiu()).id : sync_ids(list[i].tdma()).id;
      if (i == 0 || id < before) epochs.push_back({{}, i});
      epochs.back().ids.push_back(id);
      before = id;
    }
    return epochs;
  };
  const std::vector<Epoch> epochs[2] = {epochs_of(group.tiu), epochs_of(group.tdma)};
  auto start = all_before();
  const auto base = start;
  const auto segment = static_cast<std::uint64_t>(std::llround(board_.values.segment_us * board_.values.tpu_mhz));
  if (segment > 0 && start[at_tiu] + start[at_tdma] > 0) {
    CommandCost pause;
    pause.timed.work_cycles = segment;
    pause.bound = Bound::cpu;
    ProfiledCommand command;
    command.text = text("cpu interrupt");
    command.layer = layer({}, "cpu interrupt", false);
    add(at_cpu, pause, command, start);
    start = all_before();
  }
  for (std::size_t epoch = 0; epoch < std::max(epochs[0].size(), epochs[1].size()); ++epoch) {
    for (const std::uint32_t engine : {at_tiu, at_tdma}) {
      if (epoch >= epochs[engine].size()) continue;
      const Epoch& own = epochs[engine][epoch];
      const std::uint32_t peer_index = engine == at_tiu ? at_tdma : at_tiu;
      const Epoch* peer = epoch < epochs[peer_index].size() ? &epochs[peer_index][epoch] : nullptr;
      for (std::size_t i = 0; i < own.ids.size(); ++i) {
        const StreamEntry& entry = (engine == at_tiu ? group.tiu : group.tdma)[own.first + i];
        const SyncIds ids = engine == at_tiu ? sync_ids(entry.tiu()) : sync_ids(entry.tdma());
        auto after = start;
        after[engine] = 0;
        if (peer) {
          after[peer_index] = base[peer_index] + static_cast<std::uint32_t>(peer->first);
          if (ids.waits && ids.wait > 0) {
            const auto found = std::ranges::lower_bound(peer->ids, ids.wait);
            after[peer_index] += static_cast<std::uint32_t>(
                std::min<std::size_t>(static_cast<std::size_t>(found - peer->ids.begin()) + 1, peer->ids.size()));
          }
        }
        engine == at_tiu ? add_tiu(entry, after) : add_tdma(entry, after);
      }
    }
  }
}

std::uint64_t Builder::bytes_of(const std::vector<std::string>& names) const {
  std::uint64_t bytes = 0;
  for (const auto& each : names) {
    if (const auto* tensor = program_.find(each)) bytes += tensor->byte_size();
  }
  return bytes;
}

void Builder::add_host_function(const cvimodel::Routine& routine, const std::string& function) {
  const auto bytes = static_cast<double>(bytes_of(routine.inputs) + bytes_of(routine.outputs));
  CommandCost cost;
  cost.bound = Bound::cpu;
  cost.timed.work_cycles = static_cast<std::uint64_t>(
      std::llround(std::min(bytes * board_.values.host_ns_per_byte * board_.values.tpu_mhz / 1e3, 1e12)));
  ProfiledCommand command;
  command.text = text("cpu " + function);
  command.layer = layer({}, "cpu " + function, true);
  add(at_cpu, cost, command, all_before());
}

Profile Builder::build() {
  const auto reasons = model_.refusals();
  if (!reasons.empty()) throw Error(ErrorKind::unsupported, "the model cannot be run: " + reasons.front());
  const Chip* chip = find_chip(model_.header.chip);
  if (!chip) throw Error(ErrorKind::unsupported, "chip '" + model_.header.chip + "' is not simulated");
  const TimingValues& v = board_.values;

  for (const auto& routine : program_.routines) {
    if (const auto* cpu = std::get_if<cvimodel::CpuRoutine>(&routine.body)) {
      add_host_function(routine, cpu->function);
      continue;
    }
    const auto& tpu = std::get<cvimodel::TpuRoutine>(routine.body);
    const auto* section = model_.find_section(tpu.section);
    if (!section) throw Error(ErrorKind::damaged, "section '" + tpu.section + "' of a routine does not exist");
    const auto stream = read_commands(*section, tpu.is_dmabuf, *chip);
    for (const CommandGroup& group : split_groups(stream)) add_group(group);
  }

  MachineTiming machine;
  machine.mhz = v.tpu_mhz;
  machine.dram = {whole(v.bus_bits), v.mega_transfers, v.efficiency, v.run_ns, v.page_ns, whole(v.turn_bytes)};
  if (v.background_mbps > 0) machine.background.push_back({"background", v.background_mbps, whole(v.background_burst)});

  for (const EngineList& list : lists_) profile_.engines.push_back({list.name, true});
  profile_.engines[at_cpu].accelerator = false;
  for (const auto& commands : per_engine_)
    profile_.commands.insert(profile_.commands.end(), commands.begin(), commands.end());
  finish_profile(profile_, lists_, simulate(lists_, machine));

  profile_.chip = board_.chip;
  profile_.board = board_.name;
  profile_.board_title = board_.title;
  profile_.status = board_.status;
  profile_.mhz = v.tpu_mhz;
  profile_.peak_macs_per_cycle = v.lanes * eu_num * 2;
  profile_.memory_bytes_per_second = machine.dram.bytes_per_ns() * 1e9;
  profile_.input_bytes = bytes_of(program_.inputs);
  profile_.output_bytes = bytes_of(program_.outputs);
  profile_.runtime_ms = v.forward_us / 1e3 +
                        static_cast<double>(profile_.input_bytes + profile_.output_bytes) / (v.copy_mbps * 1e6) * 1e3;
  for (const ParameterSource& each : board_.sources) {
    profile_.parameters.push_back(
        {std::string(each.key), std::string(each.unit), std::string(each.meaning), each.value, each.from, each.note});
  }
  return std::move(profile_);
}

}  // namespace

Profile profile_model(const cvimodel::Model& model, const ProfileOptions& options) {
  return Builder(model, options).build();
}

Bytes pmu_records(const Profile& profile) {
  std::vector<const ProfiledCommand*> order;
  for (const auto& command : profile.commands) {
    if (command.kind != pmu_none) order.push_back(&command);
  }
  std::ranges::stable_sort(order, {}, [](const ProfiledCommand* command) { return command->end; });
  Bytes out;
  const auto put = [&out](std::uint64_t value) {
    for (int i = 0; i < 8; ++i) out.push_back(static_cast<std::uint8_t>(value >> 8 * i));
  };
  constexpr std::uint64_t counter = (1u << 22) - 1;
  for (const ProfiledCommand* command : order) {
    const bool moves = command->kind != pmu_tiu;
    const std::uint64_t event0 = moves ? command->bursts & counter : 0;
    const std::uint64_t event1 = moves ? (command->data_bytes + 15) / 16 & counter : 0;
    put(command->kind | std::uint64_t{command->id & 0xFFFF} << 4 | event0 << 20 | event1 << 42);
    put((command->end & 0xFFFFFFFF) | command->start << 32);
  }
  put(0), put(0);
  return out;
}

}  // namespace vnpu::cv18xx
