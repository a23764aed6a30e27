// What the vendor's programs need from the board they run on: arguments, files, streams, the TPU and its memory.
// process_host.cpp stands it on a Process; tests stand it on a map of files.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/bytes.h"
#include "devices/programs/pmu.h"
#include "isa/cv18xx/command_stream.h"
#include "models/cvimodel/model.h"

namespace vnpu::programs {

// One submission of commands to the TPU.
struct TpuJob {
  std::shared_ptr<const cvimodel::Model> model;
  unsigned program = 0, routine = 0;  // whose commands they are
  std::span<const cv18xx::StreamEntry> stream;
};

class ProgramHost {
 public:
  virtual ~ProgramHost() = default;

  std::vector<std::string> argv;  // argv[0] as typed

  virtual std::optional<std::string> variable(const std::string& name) const = 0;  // of the environment
  // Paths as the user gave them, relative to the working directory. Null when it cannot be opened; a directory too.
  virtual std::optional<Bytes> read_file(const std::string& path) = 0;
  virtual bool write_file(const std::string& path, std::span<const std::uint8_t> bytes) = 0;
  virtual void write(int descriptor, std::string_view text) = 0;  // unbuffered
  virtual bool is_terminal(int descriptor) const = 0;
  virtual void check_signals() {}  // throws devices::Killed

  virtual std::string chip() const = 0;  // "cv180x"
  virtual bool has_tpu() const = 0;      // its device node can be opened
  // The clock the driver writes into a dmabuf, in Hz; 0: it leaves the field alone.
  virtual std::uint32_t tpu_clock() const { return 0; }
  // A buffer of the ION heap, held as long as the pointer; null: out of memory.
  virtual std::shared_ptr<void> allocate_ion(std::uint64_t bytes, const std::string& name) = 0;

  // Runs `work` when it is this program's turn on the TPU.
  virtual void run_tpu(const TpuJob& job, const std::function<void()>& work) = 0;
  // What the performance unit records of such a submission, in order of completion.
  virtual std::vector<PmuRecord> pmu_records(const TpuJob& job) = 0;
  virtual void spend_cpu(std::uint64_t ns) = 0;  // simulated time on the processor
  // A monotonic clock that runs with the program's simulated time.
  virtual std::uint64_t now_ns() const = 0;
};

}  // namespace vnpu::programs
