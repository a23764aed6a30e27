// The AX620A board's NPU as its users meet it: virtual modes, the camera's AI-ISP beside them, usage. Source:
// docs/board_axera_pi.md.
#pragma once

#include <cstdint>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

namespace vnpu::devices {
class Board;
}

namespace vnpu::axera {

enum class HardMode { none, disable, one_one };  // AX_NPU_VIRTUAL_DISABLE, AX_NPU_VIRTUAL_1_1
enum class ModelMode { whole, first, second };   // MODE_0, MODE_111, MODE_112

inline constexpr std::uint32_t not_supported = 0x80060088;  // the driver's NOT_SUPPORT

// The state machine of modes. The hard mode is chosen by the first that opens the NPU and stays while anybody has it;
// the camera's AI-ISP holds it in 1_1 and works on the second half, so that only models for the first half run beside
// it.
class NpuModes {
 public:
  // 0, or the error with which the driver refuses; then `why` has the kernel log's line.
  std::uint32_t open(HardMode mode, std::string& why);
  void close();
  std::uint32_t camera(bool on, std::string& why);
  bool camera_on() const { return camera_; }
  HardMode mode() const { return mode_; }
  // Whether a model may be created now.
  std::uint32_t create(ModelMode model, std::string& why) const;

 private:
  HardMode mode_ = HardMode::none;
  unsigned users_ = 0;
  bool camera_ = false;
};

// What /proc/ax_proc/ax_npu tells.
class NpuUsage {
 public:
  void run(const std::string& model, std::uint64_t start_us, std::uint64_t running_us);

  bool enabled = false;
  std::uint64_t period_ms = 1000;
  struct Run {
    std::uint64_t task = 0, start_us = 0, running_us = 0;
    std::string model;
  };
  std::vector<Run> runs;  // the last ones

 private:
  std::uint64_t next_task_ = 1;
};

// One board's NPU; safe to use from several programs.
struct Npu {
  std::mutex mutex;
  NpuModes modes;
  NpuUsage usage;
};

// The board's, made on first use.
Npu& npu_of(devices::Board& board);

// /proc/ax_proc and /proc/mem_cmm_info.
void add_nodes(devices::Board& board);

}  // namespace vnpu::axera
