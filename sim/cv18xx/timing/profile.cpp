#include "sim/cv18xx/timing/profile.h"

#include <algorithm>
#include <cmath>
#include <unordered_map>

#include "base/error.h"
#include "isa/cv18xx/print.h"
#include "isa/cv18xx/schedule.h"
#include "sim/core/profile_build.h"
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
    for (std::size_t i = 0; i <= static_cast<std::size_t>(Bound::cpu); ++i)
      bound_texts_[i] = text_(name(static_cast<Bound>(i)));
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

  // Room for the commands of a buffer, which are counted by the lengths in their headers.
  void reserve(ByteView bytes) {
    std::array<std::size_t, 3> counts{};
    for (std::uint64_t at = 0; at + record_header_bytes <= bytes.size();
         at += record_header_bytes + bytes.data()[at + 1])
      ++counts[bytes.data()[at + 2] == static_cast<std::uint8_t>(Engine::tdma) ? at_tdma : at_tiu];
    for (const EngineIndex engine : {at_tiu, at_tdma}) {
      lists_[engine].commands.reserve(lists_[engine].commands.size() + counts[engine]);
      per_engine_[engine].reserve(per_engine_[engine].size() + counts[engine]);
    }
  }

  template <class Command>
  std::uint32_t mnemonic_text(EngineIndex engine, const Command& command) {
    const std::uint64_t key = mnemonic_key(command);
    auto& [last_key, last_text] = last_mnemonic_[engine];
    if (last_text && last_key == key) return *last_text;
    const auto [at, is_new] = mnemonics_[engine].try_emplace(key, 0);
    if (is_new) at->second = text_(mnemonic(command));
    last_key = key, last_text = at->second;
    return at->second;
  }

  std::uint32_t layer(std::optional<std::uint32_t> id, std::uint32_t what, bool computes);
  void take(const StreamEntry& entry);
  void open_group();
  void close_group();
  void add_tiu(const StreamEntry& entry);
  void add_tdma(const StreamEntry& entry);
  void add(EngineIndex engine, const CommandCost& cost, ProfiledCommand command);
  void add_host_function(const cvimodel::Routine& routine, const std::string& function);
  std::optional<std::uint64_t> stored_length(const TdmaCommand& command) const;
  std::uint64_t bytes_of(const std::vector<std::string>& names) const;
  double elements_of(const std::vector<std::string>& names) const;
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
  TextIndex text_{profile_.texts};
  std::unordered_map<std::uint64_t, std::uint32_t> mnemonics_[2];  // by key
  std::pair<std::uint64_t, std::optional<std::uint32_t>> last_mnemonic_[2];
  std::array<std::uint32_t, 16> bound_texts_;
  std::unordered_map<std::uint32_t, std::uint32_t> layer_of_;
  std::vector<bool> layer_named_by_tiu_;
  std::vector<ProfileParameter> host_parameters_;  // of the functions that were met
  bool group_open_ = false;
  std::array<std::uint32_t, max_engines> group_start_{};
  std::vector<SyncIds> ids_[2];  // of the open group
};

std::uint32_t Builder::layer(std::optional<std::uint32_t> id, std::uint32_t what, bool computes) {
  const auto make = [&] {
    ProfiledLayer made;
    made.id = id;
    made.name = profile_.texts[what];
    profile_.layers.push_back(std::move(made));
    layer_named_by_tiu_.push_back(computes);
    return static_cast<std::uint32_t>(profile_.layers.size() - 1);
  };
  if (!id) return make();
  const auto [at, is_new] = layer_of_.try_emplace(*id, 0);
  if (is_new) at->second = make();
  if (computes && !layer_named_by_tiu_[at->second]) {
    profile_.layers[at->second].name = profile_.texts[what];
    layer_named_by_tiu_[at->second] = true;
  }
  return at->second;
}

void Builder::add(EngineIndex engine, const CommandCost& cost, ProfiledCommand command) {
  command.engine = engine;
  command.bound = bound_texts_[static_cast<std::size_t>(cost.bound)];
  command.macs = cost.macs;
  command.data_bytes = cost.data_bytes;
  command.bus_bytes = cost.timed.access[0].bytes + cost.timed.access[1].bytes;
  command.bursts = cost.bursts;
  lists_[engine].commands.push_back(cost.timed);
  per_engine_[engine].push_back(command);
}

void Builder::add_tiu(const StreamEntry& entry) {
  ProfiledCommand command;
  command.text = mnemonic_text(at_tiu, entry.tiu());
  command.layer = layer(entry.tiu().layer_info, command.text, true);
  command.id = entry.tiu().cmd_id_tpu;
  command.kind = pmu_tiu;
  add(at_tiu, costs_.tiu(entry.tiu()), command);
}

void Builder::add_tdma(const StreamEntry& entry) {
  const TdmaCommand& tdma = entry.tdma();
  ProfiledCommand command;
  command.text = mnemonic_text(at_tdma, tdma);
  command.layer = layer(tdma.layer_ID, command.text, false);
  command.id = tdma.cmd_id;
  command.kind = tdma.trans_dir == g2l   ? pmu_load
                 : tdma.trans_dir == l2l ? pmu_move
                 : tdma.trans_dir == g2g ? pmu_copy
                                         : pmu_store;
  add(at_tdma, costs_.tdma(tdma, stored_length(tdma)), command);
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

void Builder::take(const StreamEntry& entry) {
  if (!group_open_) open_group();
  bool last = entry.engine == Engine::cpu;
  try {
    if (entry.engine == Engine::tiu) {
      add_tiu(entry);
      ids_[at_tiu].push_back(sync_ids(entry.tiu()));
    } else if (entry.engine == Engine::tdma) {
      add_tdma(entry);
      ids_[at_tdma].push_back(sync_ids(entry.tdma()));
    }
  } catch (const Error& error) {
    throw with_context(error, "command " + std::to_string(entry.index));
  }
  if (entry.engine != Engine::cpu) last = ids_[entry.engine == Engine::tiu ? at_tiu : at_tdma].back().id == 0xFFFF;
  if (last) close_group();
}

void Builder::open_group() {
  group_open_ = true;
  const auto segment = static_cast<std::uint64_t>(std::llround(board_.values.segment_us * board_.values.tpu_mhz));
  if (segment > 0 && lists_[at_tiu].commands.size() + lists_[at_tdma].commands.size() > 0) {
    CommandCost pause;
    pause.timed.work_cycles = segment;
    pause.timed.after = all_before();
    pause.bound = Bound::cpu;
    ProfiledCommand command;
    command.text = text_("cpu interrupt");
    command.layer = layer({}, command.text, false);
    add(at_cpu, pause, command);
  }
  group_start_ = all_before();
}

// Ids count within a group and start again where they fall; positions in the whole list take their place here.
void Builder::close_group() {
  group_open_ = false;
  Schedule order(ids_[at_tiu], ids_[at_tdma]);
  while (order.next()) {
  }
  struct Epoch {
    std::size_t first = 0, end = 0;
  };
  std::vector<Epoch> epochs[2];
  for (const std::uint32_t engine : {at_tiu, at_tdma}) {
    const auto& ids = ids_[engine];
    for (std::size_t i = 0; i < ids.size(); ++i) {
      if (i == 0 || ids[i].id < ids[i - 1].id) epochs[engine].push_back({i, i});
      epochs[engine].back().end = i + 1;
    }
  }
  for (std::size_t epoch = 0; epoch < std::max(epochs[0].size(), epochs[1].size()); ++epoch) {
    for (const std::uint32_t engine : {at_tiu, at_tdma}) {
      if (epoch >= epochs[engine].size()) continue;
      const std::uint32_t peer = engine == at_tiu ? at_tdma : at_tiu;
      // A new round of ids begins when both engines have ended theirs.
      Epoch other{ids_[peer].size(), ids_[peer].size()};
      if (epoch < epochs[peer].size()) other = epochs[peer][epoch];
      const auto begin = ids_[peer].begin();
      for (std::size_t i = epochs[engine][epoch].first; i < epochs[engine][epoch].end; ++i) {
        auto& after = lists_[engine].commands[group_start_[engine] + i].after;
        after = group_start_;
        after[engine] = 0;
        std::size_t count = other.first;
        if (const SyncIds& ids = ids_[engine][i]; ids.waits && ids.wait > 0 && other.end > other.first) {
          // Ids nearly always count by one.
          const std::size_t guess = other.first + ids.wait - std::min(ids.wait, ids_[peer][other.first].id);
          if (guess < other.end && ids_[peer][guess].id == ids.wait &&
              (guess == other.first || ids_[peer][guess - 1].id != ids.wait)) {
            count = guess + 1;
          } else {
            const auto found =
                std::ranges::lower_bound(begin + static_cast<std::ptrdiff_t>(other.first),
                                         begin + static_cast<std::ptrdiff_t>(other.end), ids.wait, {}, &SyncIds::id);
            count = std::min<std::size_t>(static_cast<std::size_t>(found - begin) + 1, other.end);
          }
        }
        after[peer] += static_cast<std::uint32_t>(count);
      }
    }
  }
  ids_[at_tiu].clear(), ids_[at_tdma].clear();
}

std::uint64_t Builder::bytes_of(const std::vector<std::string>& names) const {
  std::uint64_t bytes = 0;
  for (const auto& each : names) {
    if (const auto* tensor = program_.find(each)) bytes += tensor->byte_size();
  }
  return bytes;
}

double Builder::elements_of(const std::vector<std::string>& names) const {
  double elements = 0;
  for (const auto& each : names) {
    if (const auto* tensor = program_.find(each)) elements += static_cast<double>(tensor->count());
  }
  return elements;
}

void Builder::add_host_function(const cvimodel::Routine& routine, const std::string& function) {
  const HostSteps steps = host_steps(function);
  const double count = elements_of(routine.inputs) * steps.per_input + elements_of(routine.outputs) * steps.per_output;
  CommandCost cost;
  cost.bound = Bound::cpu;
  cost.timed.work_cycles = static_cast<std::uint64_t>(
      std::llround(std::min(count * board_.values.cpu_step / board_.values.cpu_mhz * board_.values.tpu_mhz, 1e12)));
  ProfiledCommand command;
  command.text = text_("cpu " + function);
  command.layer = layer({}, command.text, true);
  cost.timed.after = all_before();
  add(at_cpu, cost, command);
  for (const auto& [key, value] : {std::pair("in", steps.per_input), std::pair("out", steps.per_output)}) {
    const std::string name = "host." + function + "." + key;
    if (std::ranges::find(host_parameters_, name, &ProfileParameter::key) != host_parameters_.end()) continue;
    host_parameters_.push_back(
        {name, "steps", std::string("for each element that goes ") + key, value, "guessed", steps.note});
  }
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
    const ByteView bytes(section->bytes, section->compressed ? 0 : section->file_offset);
    if (tpu.is_dmabuf) {
      for (const CommandGroup& group : parse_dmabuf(bytes).groups) {
        for (const StreamEntry& entry : group.tiu) take(entry);
        for (const StreamEntry& entry : group.tdma) take(entry);
        if (group_open_) close_group();
      }
    } else {
      reserve(bytes);
      for_each_record(bytes, *chip, [this](StreamEntry&& entry) { take(entry); });
    }
    if (group_open_) close_group();
  }

  MachineTiming machine;
  machine.mhz = v.tpu_mhz;
  machine.dram = {whole(v.bus_bits), v.mega_transfers, v.efficiency, v.run_ns, v.page_ns, whole(v.turn_bytes)};
  if (v.background_mbps > 0) machine.background.push_back({"background", v.background_mbps, whole(v.background_burst)});

  for (const EngineList& list : lists_) profile_.engines.push_back({list.name, true});
  profile_.engines[at_cpu].accelerator = false;
  finish_profile(profile_, lists_, std::move(per_engine_), simulate(lists_, machine));

  profile_.mhz = v.tpu_mhz;
  profile_.peak_macs_per_cycle = v.lanes * eu_num * 2;
  profile_.memory_bytes_per_second = machine.dram.bytes_per_ns() * 1e9;
  profile_.input_bytes = bytes_of(program_.inputs);
  profile_.output_bytes = bytes_of(program_.outputs);
  profile_.runtime_ms = v.forward_us / 1e3 +
                        static_cast<double>(profile_.input_bytes + profile_.output_bytes) / (v.copy_mbps * 1e6) * 1e3;
  describe_board(profile_, board_);
  std::ranges::move(host_parameters_, std::back_inserter(profile_.parameters));
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
  const auto record = [&](const ProfiledCommand& command, std::uint64_t type, std::uint64_t bursts,
                          std::uint64_t bytes) {
    put(type | std::uint64_t{command.id & 0xFFFF} << 4 | (bursts & counter) << 20 |
        ((bytes + 15) / 16 & counter) << 42);
    put((command.end & 0xFFFFFFFF) | command.start << 32);
  };
  for (const ProfiledCommand* command : order) {
    if (command->kind == pmu_tiu) {
      record(*command, pmu_tiu, 0, 0);
    } else if (command->kind == pmu_copy) {
      for (const PmuKind side : {pmu_load, pmu_store})
        record(*command, side, command->bursts / 2, command->bus_bytes / 2);
    } else {
      record(*command, command->kind, command->bursts, command->bus_bytes);
    }
  }
  put(0), put(0);
  return out;
}

}  // namespace vnpu::cv18xx
