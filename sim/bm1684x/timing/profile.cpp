#include "sim/bm1684x/timing/profile.h"

#include <algorithm>
#include <cmath>
#include <unordered_map>

#include "base/error.h"
#include "sim/bm1684x/timing/cost.h"
#include "sim/core/profile_build.h"

namespace vnpu::bm1684x {
namespace {

constexpr double peak_macs_per_cycle = 64 * 4 * 64;  // int8: lanes, pixels, channels

class Builder {
 public:
  Builder(const bmodel::Model& model, const ProfileOptions& options)
      : program_(program(model, options.program)),
        board_(timing_board(options.board.empty() ? default_timing_board : options.board, options.settings)) {
    const auto reasons = model.refusals(*program_.net, *program_.stage);
    if (!reasons.empty()) throw Error(ErrorKind::unsupported, "profile: " + reasons.front());
    lists_ = {{"tiu", 0, 0, {}}, {"gdma", 0, 0, {}}};
    per_engine_.resize(lists_.size());
  }

  Profile build() {
    for (const auto* subnet : subnets_in_order(*program_.stage)) {
      for (const auto& group : subnet->groups) {
        // Ids start again in every group, which starts when the one before has ended.
        for (std::size_t e = 0; e < lists_.size(); ++e)
          done_[e] = static_cast<std::uint32_t>(lists_[e].commands.size());
        for (const auto& entry : read_commands(group)) add(entry);
      }
    }
    const auto& values = board_.values;
    MachineTiming machine;
    machine.mhz = values.tpu_mhz;
    machine.dram = dram_timing(values);
    if (values.background_mbps > 0) machine.background.push_back({"others", values.background_mbps, 4096, true});
    for (const EngineList& each : lists_) profile_.engines.push_back({each.name, true});
    finish_profile(profile_, lists_, std::move(per_engine_), simulate(lists_, machine));
    profile_.mhz = values.tpu_mhz;
    profile_.peak_macs_per_cycle = peak_macs_per_cycle;
    profile_.memory_bytes_per_second = machine.dram.bytes_per_ns() * 1e9;
    for (const auto& each : program_.stage->inputs) profile_.input_bytes += each.size;
    for (const auto& each : program_.stage->outputs) profile_.output_bytes += each.size;
    profile_.copy_in_ms = milliseconds(profile_.input_bytes, values.input_mbps);
    profile_.copy_out_ms = milliseconds(profile_.output_bytes, values.output_mbps);
    profile_.runtime_ms = values.call_us / 1e3 + profile_.copy_in_ms + profile_.copy_out_ms;
    describe_board(profile_, board_);
    return std::move(profile_);
  }

 private:
  static double milliseconds(std::uint64_t bytes, double mbps) {
    return mbps > 0 ? static_cast<double>(bytes) / mbps / 1e3 : 0;
  }

  static std::uint64_t whole(double cycles) {
    return static_cast<std::uint64_t>(std::llround(std::clamp(cycles, 0.0, 1e12)));
  }

  // A bmodel names no layers: commands of one kind stand for one.
  std::uint32_t layer(const std::string& kind) {
    const auto [at, is_new] = layer_of_.try_emplace(kind, static_cast<std::uint32_t>(profile_.layers.size()));
    if (is_new) {
      ProfiledLayer made;
      made.name = kind;
      profile_.layers.push_back(std::move(made));
    }
    return at->second;
  }

  double factor_of(TiuPart part) const {
    const auto& values = board_.values;
    switch (part) {
      case TiuPart::cube: return values.cube_factor;
      case TiuPart::conv_f32: return values.conv_f32_factor;
      case TiuPart::product: return values.product_factor;
      default: return values.other_factor;
    }
  }

  void add(const StreamEntry& entry) {
    const auto& values = board_.values;
    const bool tiu = entry.engine() == Engine::tiu;
    const auto at = static_cast<std::size_t>(entry.engine());
    const CommandWork work = tiu ? work_of(entry.tiu()) : work_of(entry.gdma(), values);
    const TiuPart part = tiu ? part_of(entry.tiu()) : TiuPart::other;
    const double factor = tiu ? factor_of(part) : values.gdma_factor;
    TimedCommand timed;
    timed.start_cycles = static_cast<std::uint32_t>(whole(tiu ? values.tiu_start : values.gdma_start));
    timed.work_cycles = whole(work.cycles * factor);
    timed.access[0] = {work.ddr_read, work.ddr_read == 0 ? 0U : 1U, 0, false};
    timed.access[1] = {work.ddr_written, work.ddr_written == 0 ? 0U : 1U, 0, true};
    const std::size_t other = 1 - at;
    timed.after[other] = done_[other] + entry.id_dep();
    ProfiledCommand command;
    command.engine = static_cast<std::uint32_t>(at);
    command.text = text_(entry.mnemonic());
    command.layer = layer(entry.mnemonic());
    command.id = entry.id();
    command.macs = work.macs;
    command.data_bytes = command.bus_bytes = work.ddr_read + work.ddr_written;
    command.bursts = (work.ddr_read != 0) + (work.ddr_written != 0);
    const bool starting = timed.start_cycles > timed.work_cycles;
    command.bound = text_(starting                 ? "start"
                          : !tiu                   ? "transfer"
                          : part != TiuPart::other ? "multiply"
                                                   : "element-wise");
    lists_[at].commands.push_back(timed);
    per_engine_[at].push_back(command);
  }

  ProgramRef program_;
  TimingBoard board_;
  Profile profile_;
  std::vector<EngineList> lists_;
  std::vector<std::vector<ProfiledCommand>> per_engine_;
  std::array<std::uint32_t, 2> done_{};
  TextIndex text_{profile_.texts};
  std::unordered_map<std::string, std::uint32_t> layer_of_;
};

}  // namespace

Profile profile_model(const bmodel::Model& model, const ProfileOptions& options) {
  return Builder(model, options).build();
}

}  // namespace vnpu::bm1684x
