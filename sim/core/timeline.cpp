#include "sim/core/timeline.h"

#include <algorithm>
#include <cmath>
#include <exception>
#include <mutex>
#include <thread>

#include "base/error.h"
#include "sim/core/systemc_parts.h"

// The SystemC library wants this symbol; programs with a main() of their own have none.
extern "C" __attribute__((weak)) int sc_main(int, char**) { return 0; }

namespace vnpu {
namespace {

void require(bool good, const std::string& what) {
  if (!good) throw Error(ErrorKind::usage, what);
}

void check(const std::vector<EngineList>& engines, const MachineTiming& machine) {
  require(engines.size() <= max_engines, "more than " + std::to_string(max_engines) + " engines");
  require(std::isfinite(machine.mhz) && machine.mhz > 0 && machine.mhz <= 1e5, "clock: must be above 0 MHz");
  const DramTiming& dram = machine.dram;
  require(std::isfinite(dram.bytes_per_ns()) && dram.bytes_per_ns() > 0 && dram.bytes_per_ns() <= 1e5,
          "memory: bandwidth must be above 0");
  require(dram.run_ns >= 0 && dram.run_ns <= 1e6 && dram.page_ns >= 0 && dram.page_ns <= 1e6,
          "memory: time of a run or page must be 0..1e6 ns");
  require(dram.turn_bytes >= 16, "memory: a turn must have 16 bytes or more");
  for (const Background& each : machine.background) {
    require(std::isfinite(each.bytes_per_us) && each.bytes_per_us >= 0 && each.burst_bytes > 0,
            each.name + ": rate must not be negative");
  }
}

// Simulated time has 64 bits of femtoseconds: five hours.
void check_length(const std::vector<EngineList>& engines, const MachineTiming& machine) {
  constexpr double longest_fs = 9e18;
  const double cycle_fs = 1e9 / machine.mhz, byte_fs = 1e6 / machine.dram.bytes_per_ns();
  double total = 0;
  for (const EngineList& list : engines) {
    for (const TimedCommand& command : list.commands) {
      total += (static_cast<double>(command.start_cycles) + static_cast<double>(command.work_cycles) +
                list.issue_cycles + list.wake_cycles) *
               cycle_fs;
      for (const MemoryAccess& access : command.access) {
        total += static_cast<double>(access.bytes) * byte_fs +
                 (access.runs * machine.dram.run_ns + access.pages * machine.dram.page_ns) * 1e6;
      }
    }
  }
  double taken = 0;
  for (const Background& each : machine.background) taken += each.bytes_per_us / 1e3 / machine.dram.bytes_per_ns();
  require(taken < 0.99, "the other masters leave nothing of the memory");
  require(total / (1 - taken) < longest_fs, "the commands would take hours");
}

// SystemC's kernel for the length of one run; the previous one comes back afterwards.
class Context {
 public:
  Context() : before_(sc_core::sc_curr_simcontext), before_default_(sc_core::sc_default_global_context) {
    context_ = new sc_core::sc_simcontext;
    sc_core::sc_curr_simcontext = context_;
    sc_core::sc_default_global_context = context_;
  }
  ~Context() {
    delete context_;
    sc_core::sc_curr_simcontext = before_;
    sc_core::sc_default_global_context = before_default_;
  }
  Context(const Context&) = delete;
  Context& operator=(const Context&) = delete;

 private:
  sc_core::sc_simcontext* context_;
  sc_core::sc_simcontext* before_;
  sc_core::sc_simcontext* before_default_;
};

// Whether the lists come to an end does not depend on time, so it is settled before the clock starts.
void check_progress(const std::vector<EngineList>& lists) {
  std::vector<std::size_t> at(lists.size(), 0);
  const auto ready = [&](std::size_t e) {
    for (std::size_t other = 0; other < lists.size(); ++other) {
      if (other != e && lists[e].commands[at[e]].after[other] > at[other]) return false;
    }
    return true;
  };
  for (bool moved = true; moved;) {
    moved = false;
    for (std::size_t e = 0; e < lists.size(); ++e) {
      for (; at[e] < lists[e].commands.size() && ready(e); ++at[e]) moved = true;
    }
  }
  std::string text;
  for (std::size_t e = 0; e < lists.size(); ++e) {
    if (at[e] == lists[e].commands.size()) continue;
    text += (text.empty() ? "" : "; ") + lists[e].name + " command " + std::to_string(at[e]) + " waits for";
    for (std::size_t other = 0; other < lists.size(); ++other) {
      const std::uint32_t need = lists[e].commands[at[e]].after[other];
      if (other != e && need > at[other]) text += " " + lists[other].name + " command " + std::to_string(need - 1);
    }
  }
  if (!text.empty()) throw Error(ErrorKind::fault, "deadlock: " + text);
}

bool uses_memory(const EngineList& list) {
  return std::ranges::any_of(list.commands, [](const TimedCommand& command) {
    return std::ranges::any_of(command.access, [](const MemoryAccess& access) { return access.bytes > 0; });
  });
}

Timeline run(const std::vector<EngineList>& lists, const MachineTiming& machine) {
  const Context context;
  sc_core::sc_set_time_resolution(1, sc_core::SC_FS);
  core::Clock clock(machine.mhz);
  auto masters = static_cast<std::size_t>(std::ranges::count_if(lists, uses_memory));
  for (const Background& each : machine.background) masters += each.bytes_per_us > 0;
  core::DramModule dram("dram", machine.dram, lists.size() + machine.background.size(),
                        masters > 1 || !machine.run_ahead);
  core::BusModule bus("bus");
  bus.to_memory.bind(dram.socket);
  std::vector<std::unique_ptr<core::EngineModule>> engines;
  for (std::size_t e = 0; e < lists.size(); ++e) {
    engines.push_back(std::make_unique<core::EngineModule>(("engine" + std::to_string(e)).c_str(), e, lists[e], clock));
    engines.back()->socket.bind(bus.from_master);
  }
  for (auto& each : engines) each->set_peers(engines);
  std::vector<std::unique_ptr<core::BackgroundModule>> background;
  for (std::size_t b = 0; b < machine.background.size(); ++b) {
    background.push_back(std::make_unique<core::BackgroundModule>(
        ("background" + std::to_string(b)).c_str(), lists.size() + b, machine.background[b],
        [&engines] { return std::ranges::all_of(engines, [](const auto& each) { return each->done(); }); }));
    background.back()->socket.bind(bus.from_master);
  }
  sc_core::sc_start();

  Timeline out;
  for (std::size_t e = 0; e < lists.size(); ++e) {
    out.engines.push_back(engines[e]->take_times());
    if (!out.engines.back().empty()) out.cycles = std::max(out.cycles, out.engines.back().back().end);
  }
  out.masters = dram.counts();
  for (std::size_t e = 0; e < lists.size(); ++e) out.masters[e].name = lists[e].name;
  for (std::size_t b = 0; b < machine.background.size(); ++b)
    out.masters[lists.size() + b].name = machine.background[b].name;
  return out;
}

// Before main(), where no other thread can read the environment: SystemC prints a banner on its first use otherwise.
const int no_banner = setenv("SYSTEMC_DISABLE_COPYRIGHT_MESSAGE", "1", 0);

}  // namespace

Timeline simulate(const std::vector<EngineList>& engines, const MachineTiming& machine) {
  check(engines, machine);
  check_length(engines, machine);
  check_progress(engines);
  static std::mutex one_at_a_time;
  const std::lock_guard lock(one_at_a_time);
  static_cast<void>(no_banner);
  // A thread of its own: the sanitizers lose track of the stack of a thread that has switched to coroutines.
  Timeline out;
  std::exception_ptr failed;
  std::thread worker([&] {
    try {
      out = run(engines, machine);
    } catch (...) {
      failed = std::current_exception();
    }
  });
  worker.join();
  if (failed) std::rethrow_exception(failed);
  return out;
}

}  // namespace vnpu
