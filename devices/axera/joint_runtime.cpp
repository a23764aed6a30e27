#include "devices/axera/joint_runtime.h"

#include <algorithm>
#include <cmath>
#include <set>

#include "base/error.h"
#include "devices/board.h"
#include "sim/runtime/registry.h"

namespace vnpu::axera {
namespace {

// Of creating a handle, milliseconds: a megabyte of the file and of what it unpacks to (gzip on the board's CPU), a
// thousand commands. Fitted to published logs (docs/board_axera_pi.md).
constexpr double ms_packed_mb = 34.9, ms_unpacked_mb = 14.6, ms_thousand_commands = 1.6;
constexpr std::uint64_t driver_us = 140;  // of a run besides the units' cycles
constexpr std::uint64_t neu_overhead_us = 9, task_overhead_us = 26;
// Of a part on the CPU: creating it (two published logs: 13.81, 13.89 ms), running it (one log: 43 us for a tail that
// moves next to nothing) and, chosen, its bytes at 1 GB/s.
constexpr double ms_axe_part = 13.85;
constexpr std::uint64_t axe_us = 43, axe_bytes_per_us = 1000;

std::vector<Border> borders(const nlohmann::json& described) {
  std::vector<Border> out;
  for (const auto& one : described) {
    Border made;
    made.name = one.at("name").get<std::string>();
    made.layout = one.value("layout", "");
    made.dtype = one.value("dtype", "");
    made.colour = one.value("colour", "");
    made.shape = one.value("shape", std::vector<std::int64_t>());
    made.bytes = one.value("bytes", std::uint64_t{0});
    made.on_cpu = one.value("made_by", "") == "CPU";
    out.push_back(std::move(made));
  }
  return out;
}

}  // namespace

JointRuntime::~JointRuntime() {
  if (!opened_) return;
  Npu& npu = npu_of(process_.board);
  const std::scoped_lock lock(npu.mutex);
  npu.modes.close();
}

std::uint32_t JointRuntime::load(const Bytes& bytes) {
  try {
    file_ = open_model(ByteView(bytes));
    if (file_->chip() != process_.board.data().chip) {
      error_ = "[NPU][npu_create]: dot neu soc_type error";
      return malformed_topology;
    }
    const auto info = file_->describe();
    tool_version_ = info.value("tool_version", "Unknown");
    if (const std::string commit = info.value("tool_commit", ""); !commit.empty()) tool_version_ += "\n" + commit;
    quantisation_ = info.value("quantisation", "unknown");
    const std::string mode = info.at("virtual_npu").get<std::string>();
    mode_ = mode == "MODE_0" ? ModelMode::whole : mode == "MODE_112" ? ModelMode::second : ModelMode::first;
    inputs_ = borders(info.value("model_inputs", nlohmann::json::array()));
    outputs_ = borders(info.value("model_outputs", nlohmann::json::array()));
    if (inputs_.empty() || outputs_.empty()) {
      error_ = "can not parse dot-neu, data error!";
      return malformed_topology;
    }
    for (const auto* regions : {"inputs", "outputs", "parameters", "swaps"}) {
      for (const auto& region : info.at("memory_map").at(regions)) cmm_ += region.at("bytes").get<std::uint64_t>();
    }
    double unpacked = 0;
    for (const auto& member : info.value("members", nlohmann::json::array()))
      unpacked += member.at("bytes").get<double>();
    create_time_.neu = ms_thousand_commands * info.at("commands").at("total").get<double>() / 1000;
    create_time_.overhead = ms_packed_mb * static_cast<double>(bytes.size()) / 1e6 + ms_unpacked_mb * unpacked / 1e6;
    std::set<std::string> parts;
    std::uint64_t moved = 0;
    for (const auto& step : info.value("cpu_steps", nlohmann::json::array())) {
      parts.insert(step.at("part").get<std::string>());
      moved += step.at("bytes").get<std::uint64_t>();
    }
    create_time_.axe = ms_axe_part * static_cast<double>(parts.size());
    if (!parts.empty()) run_time_.axe_us = axe_us * parts.size() + moved / axe_bytes_per_us;
    create_time_.total = create_time_.neu + create_time_.axe + create_time_.overhead;
  } catch (const Error& error) {
    error_ = error.what();
    return malformed_topology;
  }
  return 0;
}

std::uint32_t JointRuntime::open(HardMode mode) {
  Npu& npu = npu_of(process_.board);
  const std::scoped_lock lock(npu.mutex);
  const auto code = npu.modes.open(mode, error_);
  opened_ = code == 0;
  return code;
}

std::uint32_t JointRuntime::create() {
  {
    Npu& npu = npu_of(process_.board);
    const std::scoped_lock lock(npu.mutex);
    if (const auto code = npu.modes.create(mode_, error_)) return code;
  }
  auto buffer = process_.board.ion().allocate(cmm_, process_.task->pid, "npu");
  if (!buffer) {
    error_ = "[CMM][Error]:not enough memory, phys = 0x0";
    return no_memory;
  }
  memory_ = std::make_shared<devices::IonBuffer>(std::move(buffer));
  try {
    network_ = file_->instantiate({});
    const Profile profile = file_->profile({});
    run_time_.cycles = profile.cycles;
    run_time_.neu_us = profile.cycles / static_cast<std::uint64_t>(profile.mhz) + driver_us;
    run_time_.us = run_time_.neu_us + run_time_.axe_us + task_overhead_us + neu_overhead_us;
    run_time_.unit_cycles.assign(5, 0);
    for (const auto& engine : profile.engines) {
      const auto unit = static_cast<std::size_t>(engine.name.back() - '0');
      if (unit < 5) run_time_.unit_cycles[unit] = engine.busy_cycles;
    }
  } catch (const Error& error) {
    error_ = error.what();
    return create_context_failed;
  }
  process_.spend_cpu(static_cast<std::uint64_t>(create_time_.total * 1e6));
  return 0;
}

std::uint32_t JointRuntime::run() {
  try {
    process_.board.tpu().run(*process_.task, [&] {
      network_->run();
      return run_time_.us * 1000;
    });
  } catch (const Error& error) {
    error_ = error.what();
    return run_failed;
  }
  Npu& npu = npu_of(process_.board);
  const std::scoped_lock lock(npu.mutex);
  npu.usage.run("null", process_.board.uptime_ns() / 1000, run_time_.neu_us);
  return 0;
}

}  // namespace vnpu::axera
