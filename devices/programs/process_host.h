// A vendor's program as a process of a virtual board.
#pragma once

#include "devices/process.h"
#include "devices/programs/program_host.h"

namespace vnpu::programs {

class ProcessHost final : public ProgramHost {
 public:
  explicit ProcessHost(devices::Process& process) : process_(process) { argv = process.argv; }

  std::optional<std::string> variable(const std::string& name) const override;
  std::optional<Bytes> read_file(const std::string& path) override;
  bool write_file(const std::string& path, std::span<const std::uint8_t> bytes) override;
  void write(int descriptor, std::string_view text) override { process_.write(text, descriptor); }
  bool is_terminal(int descriptor) const override { return process_.is_terminal(descriptor); }
  void check_signals() override { process_.check_signals(); }
  std::string chip() const override;
  bool has_tpu() const override;
  std::uint32_t tpu_clock() const override;
  std::shared_ptr<void> allocate_ion(std::uint64_t bytes, const std::string& name) override;
  void run_tpu(const TpuJob& job, const std::function<void()>& work) override;
  std::vector<PmuRecord> pmu_records(const TpuJob& job) override;
  void spend_cpu(std::uint64_t ns) override { process_.spend_cpu(ns); }
  std::uint64_t now_ns() const override { return process_.task->cpu_ns + process_.task->tpu_ns; }

 private:
  const std::vector<std::vector<PmuRecord>>& records_of(const TpuJob& job);  // by routine

  std::uint64_t plain_time(std::span<const cv18xx::StreamEntry> stream) const;  // ns

  devices::Process& process_;
  std::shared_ptr<const cvimodel::Model> profiled_;  // the last one asked for
  unsigned profiled_program_ = 0;
  double mhz_ = 750;  // of the profile; what the vendor's library assumes without one
  std::vector<std::vector<PmuRecord>> records_;
};

}  // namespace vnpu::programs
