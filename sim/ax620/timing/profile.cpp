#include "sim/ax620/timing/profile.h"

#include <algorithm>
#include <cmath>
#include <unordered_map>

#include "base/error.h"
#include "sim/ax620/timing/cost.h"
#include "sim/core/profile_build.h"

namespace vnpu::ax620 {
namespace {

constexpr double array_macs_per_cycle = 1152;  // 8-bit weights: 9 taps, 16 and 8 channels

class Builder {
 public:
  Builder(const CommandList& list, const std::vector<std::vector<Job>>& jobs, const ProfileOptions& options)
      : list_(list),
        jobs_(jobs),
        board_(timing_board(options.board.empty() ? default_timing_board : options.board, options.settings)) {
    if (options.program != 0) throw Error(ErrorKind::usage, "a .joint has one program");
  }

  Profile build() {
    order(jobs_);  // names what would wait for ever
    const auto wake = static_cast<std::uint32_t>(whole(board_.values.wake));
    for (unsigned unit = 0; unit < jobs_.size(); ++unit) {
      if (jobs_[unit].empty()) continue;
      if (lists_.size() == max_engines) throw Error(ErrorKind::unsupported, "profile: jobs on more than 4 units");
      list_of_[unit] = lists_.size();
      lists_.push_back({"eu" + std::to_string(unit), 0, wake, {}});
    }
    per_unit_.resize(lists_.size());
    for (const auto& unit : jobs_) {
      for (const Job& job : unit) add(job);
    }
    const auto& values = board_.values;
    MachineTiming machine;
    machine.mhz = values.npu_mhz;
    machine.dram = dram_timing(values);
    if (values.camera_mbps > 0) machine.background.push_back({"camera", values.camera_mbps, 4096, true});
    if (values.isp_mbps > 0) machine.background.push_back({"ai-isp", values.isp_mbps, 4096, false});
    for (const EngineList& each : lists_) profile_.engines.push_back({each.name, true});
    finish_profile(profile_, lists_, std::move(per_unit_), simulate(lists_, machine));
    profile_.mhz = values.npu_mhz;
    profile_.peak_macs_per_cycle = array_macs_per_cycle;
    profile_.memory_bytes_per_second = std::min(machine.dram.bytes_per_ns() * 1e9, values.limiter_mbps * 1e6);
    profile_.runtime_ms = values.driver_us / 1e3;
    for (const auto& region : list_.inputs) profile_.input_bytes += region.size();
    for (const auto& region : list_.outputs) profile_.output_bytes += region.size();
    describe_board(profile_, board_);
    return std::move(profile_);
  }

 private:
  static std::uint64_t whole(double cycles) {
    return static_cast<std::uint64_t>(std::llround(std::clamp(cycles, 0.0, 1e15)));
  }

  // "op_12#3" is a piece of op_12.
  std::uint32_t layer(const std::string& piece) {
    const std::string layer = piece.substr(0, piece.rfind('#'));
    const auto [at, is_new] = layer_of_.try_emplace(layer, static_cast<std::uint32_t>(profile_.layers.size()));
    if (is_new) {
      ProfiledLayer made;
      made.name = layer.empty() ? "-" : layer;
      profile_.layers.push_back(std::move(made));
    }
    return at->second;
  }

  void add(const Job& job) {
    const auto& values = board_.values;
    TimedCommand timed;
    ProfiledCommand command;
    double array = 0, fetch = 0, transfer = 0, limited = 0, beats = 0;
    std::uint64_t read = 0, written = 0;
    std::string kinds;
    auto named = job.commands.back();  // what the job is called after: its convolution, not the next one's weights
    for (const auto index : job.commands) {
      const auto& each = list_.commands[index];
      const auto work = work_of(each, values);
      const Kind which = kind(each);
      if (which == Kind::conv) named = index;
      if (kinds.find(name(which)) == std::string::npos) kinds += (kinds.empty() ? "" : "+") + std::string(name(which));
      array += work.array_cycles;
      fetch += work.fetch_bytes / values.fetch_bytes;
      command.macs += work.macs;
      if (which == Kind::ld || which == Kind::st || which == Kind::mv) {
        timed.start_cycles += whole(values.dma_start);
        // The limiter lets a unit have so many bytes a second, however fast the memory is.
        const double limit =
            static_cast<double>(work.ddr_read + work.ddr_written) / values.limiter_mbps * values.npu_mhz;
        transfer += std::max(limit, work.beats * values.dma_beat);
        limited += limit;
        beats += work.beats * values.dma_beat;
      }
      read += work.ddr_read;
      written += work.ddr_written;
    }
    timed.work_cycles = whole(std::max(array, fetch) + transfer);
    timed.access[0] = {read, read == 0 ? 0U : 1U, 0, false};
    timed.access[1] = {written, written == 0 ? 0U : 1U, 0, true};
    const auto at = list_of_.at(job.unit);
    for (const Wait& wait : job.waits) {
      const auto other = list_of_.find(wait.unit);
      if (other == list_of_.end()) continue;
      timed.after[other->second] = std::max(timed.after[other->second], wait.job);
    }
    command.engine = static_cast<std::uint32_t>(at);
    command.text = text_(kinds);
    command.layer = layer(list_.commands[named].debug().layer_name());
    command.id = job.id;
    command.data_bytes = command.bus_bytes = read + written;
    command.bursts = (read != 0) + (written != 0);
    const double start = static_cast<double>(timed.start_cycles);
    command.bound = text_(array > 0 || fetch > 0 ? (array >= fetch ? "multiply" : "weights")
                          : start > transfer     ? "start"
                          : limited > beats      ? "ddr"
                                                 : "on-chip memory");
    lists_[at].commands.push_back(timed);
    per_unit_[at].push_back(command);
  }

  const CommandList& list_;
  const std::vector<std::vector<Job>>& jobs_;
  TimingBoard board_;
  Profile profile_;
  std::unordered_map<unsigned, std::size_t> list_of_;
  std::vector<EngineList> lists_;
  std::vector<std::vector<ProfiledCommand>> per_unit_;
  TextIndex text_{profile_.texts};
  std::unordered_map<std::string, std::uint32_t> layer_of_;
};

}  // namespace

Profile profile_model(const CommandList& list, const std::vector<std::vector<Job>>& jobs,
                      const ProfileOptions& options) {
  return Builder(list, jobs, options).build();
}

}  // namespace vnpu::ax620
