#include "devices/axera/npu.h"

#include <algorithm>
#include <cstdio>

#include "devices/board.h"
#include "sim/ax620/timing/parameters.h"

namespace vnpu::axera {
namespace {

constexpr std::size_t kept_runs = 16;

std::string format(const char* pattern, auto... values) {
  char line[256];
  std::snprintf(line, sizeof line, pattern, values...);
  return line;
}

using ull = unsigned long long;

// A node that takes a number.
class Switch : public devices::NodeObject {
 public:
  Switch(std::function<std::string()> read, std::function<void(std::uint64_t)> write)
      : read_(std::move(read)), write_(std::move(write)) {}
  devices::FileType type() const override { return devices::FileType::regular; }
  devices::Result<std::size_t> read_at(std::uint64_t offset, std::span<std::uint8_t> into) override {
    const std::string text = read_();
    if (offset >= text.size()) return std::size_t{0};
    const auto count = std::min<std::size_t>(into.size(), text.size() - offset);
    std::copy_n(text.begin() + static_cast<std::ptrdiff_t>(offset), count, into.begin());
    return count;
  }
  devices::Result<std::size_t> write_at(std::uint64_t, std::span<const std::uint8_t> bytes) override {
    std::uint64_t value = 0;
    std::size_t digits = 0;
    for (const auto byte : bytes) {
      if (byte < '0' || byte > '9' || ++digits > 9) break;
      value = value * 10 + (byte - '0');
    }
    if (digits == 0 || digits > 9) return devices::Errno::inval;
    write_(value);
    return bytes.size();
  }

 private:
  std::function<std::string()> read_;
  std::function<void(std::uint64_t)> write_;
};

}  // namespace

std::uint32_t NpuModes::open(HardMode mode, std::string& why) {
  if (mode_ != HardMode::none && mode_ != mode) {
    why = "[NPU][npu_init]: virtual npu mode not supported";
    return not_supported;
  }
  mode_ = mode;
  ++users_;
  return 0;
}

void NpuModes::close() {
  if (users_ > 0) --users_;
  if (users_ == 0 && !camera_) mode_ = HardMode::none;
}

std::uint32_t NpuModes::camera(bool on, std::string& why) {
  if (on && mode_ == HardMode::disable) {
    why = "[NPU][npu_init]: virtual npu mode not supported";
    return not_supported;
  }
  camera_ = on;
  if (on) mode_ = HardMode::one_one;
  if (!on && users_ == 0) mode_ = HardMode::none;
  return 0;
}

std::uint32_t NpuModes::create(ModelMode model, std::string& why) const {
  const bool fits = model == ModelMode::whole ? mode_ == HardMode::disable
                                              : mode_ == HardMode::one_one && !(camera_ && model == ModelMode::second);
  if (fits) return 0;
  why = "[NPU][npu_create]: virtual npu type error";
  return not_supported;
}

void NpuUsage::run(const std::string& model, std::uint64_t start_us, std::uint64_t running_us) {
  runs.push_back({next_task_++, start_us, running_us, model});
  if (runs.size() > kept_runs) runs.erase(runs.begin());
}

Npu& npu_of(devices::Board& board) {
  return *std::static_pointer_cast<Npu>(board.service("npu", [] { return std::make_shared<Npu>(); }));
}

void add_nodes(devices::Board& board) {
  const std::string base = "/proc/ax_proc/ax_npu/";
  Npu& npu = npu_of(board);
  const auto text = [&](const std::string& path, std::function<std::string()> make) {
    board.files().add_object(path, devices::text_node(std::move(make)), 0444);
  };
  // What `top` and its kin show: nothing before they are switched on.
  const auto when_on = [&npu](const std::function<std::string()>& make) {
    const std::scoped_lock lock(npu.mutex);
    if (!npu.usage.enabled) return std::string("nputop info is not enabled!\n");
    if (npu.usage.runs.empty()) return std::string("nputop info is empty!\n");
    return make();
  };
  board.files().add_object(base + "enable",
                           std::make_shared<Switch>(
                               [&npu] {
                                 const std::scoped_lock lock(npu.mutex);
                                 return std::string(npu.usage.enabled ? "1\n" : "0\n");
                               },
                               [&npu](std::uint64_t value) {
                                 const std::scoped_lock lock(npu.mutex);
                                 npu.usage.enabled = value != 0;
                               }),
                           0644);
  board.files().add_object(base + "top_period_ms",
                           std::make_shared<Switch>(
                               [&npu] {
                                 const std::scoped_lock lock(npu.mutex);
                                 return format("%llu ms\n", static_cast<ull>(npu.usage.period_ms));
                               },
                               [&npu](std::uint64_t value) {
                                 const std::scoped_lock lock(npu.mutex);
                                 npu.usage.period_ms = std::max<std::uint64_t>(value, 1);
                               }),
                           0644);
  text(base + "version", [] {
    return std::string(
        "\t -------- NPU VERSION --------\n\t  Version:V0.31.0_P23_20220708101907\n\t  Build  :Jul  8 2022 10:44:26\n"
        "\t -----------------------------\n");
  });
  text(base + "clk", [&board] {
    // The time model's clock: there is no other.
    return format("%.0fM\n", ax620::timing_board(board.data().name).values.npu_mhz);
  });
  text(base + "top", [&npu, when_on, &board] {
    return when_on([&] {
      const std::uint64_t now = board.uptime_ns() / 1000, period = npu.usage.period_ms * 1000;
      std::uint64_t busy = 0;
      for (const auto& run : npu.usage.runs) busy += run.running_us;
      const std::uint64_t share = std::min<std::uint64_t>(100, busy * 100 / std::max<std::uint64_t>(period, 1));
      return format("time:%llu\nperiod:%llu\n", static_cast<ull>(now), static_cast<ull>(period)) +
             format("core:vnpu_1_1_1\nutilization:%llu\n", static_cast<ull>(share)) +
             "core:vnpu_1_1_2\nutilization:" + std::string(npu.modes.camera_on() ? "50\n" : "0\n");
    });
  });
  text(base + "top_detail", [&npu, when_on] {
    return when_on([&] {
      std::string out =
          "npu core : vnpu_1_1_1\tcurr_model_name : null/0\n"
          "task_id\t\tstart_time\twaiting-time\truning-time\tmodel-name/handle\n";
      for (const auto& run : npu.usage.runs) {
        out += format("%7llu\t\t%10llu\t%12llu\t%10llu\t%s/%d\n", static_cast<ull>(run.task),
                      static_cast<ull>(run.start_us), 0ULL, static_cast<ull>(run.running_us), "null", 1);
      }
      return out;
    });
  });
  text(base + "top_sum", [&npu, when_on] {
    return when_on([&] {
      std::uint64_t busy = 0;
      for (const auto& run : npu.usage.runs) busy += run.running_us;
      return format("vnpu_1_1_1 : %llu us\n", static_cast<ull>(busy));
    });
  });
  text("/proc/mem_cmm_info", [&board] {
    return format("total size=%lluKB(%lluMB),used=%lluKB\n", static_cast<ull>(board.ion().total() / 1024),
                  static_cast<ull>(board.ion().total() >> 20), static_cast<ull>(board.ion().used() / 1024));
  });
}

}  // namespace vnpu::axera
