#include "devices/programs/process_host.h"

#include <algorithm>

#include "base/error.h"
#include "devices/board.h"
#include "sim/cv18xx/tensor_info.h"
#include "sim/cv18xx/timing/cost.h"
#include "sim/cv18xx/timing/parameters.h"
#include "sim/cv18xx/timing/profile.h"

namespace vnpu::programs {
namespace {

constexpr std::size_t record_bytes = 16;

// How many records the commands of a stream leave.
std::size_t record_count(std::span<const cv18xx::StreamEntry> stream) {
  std::size_t count = 0;
  for (const auto& entry : stream) {
    if (const auto* tdma = std::get_if<cv18xx::TdmaCommand>(&entry.command)) {
      count += tdma->trans_dir == cv18xx::g2g ? 2 : 1;
    } else if (entry.engine == cv18xx::Engine::tiu) {
      ++count;
    }
  }
  return count;
}

}  // namespace

std::optional<std::string> ProcessHost::variable(const std::string& name) const {
  const auto* value = process_.variable(name);
  return value ? std::optional(*value) : std::nullopt;
}

std::optional<Bytes> ProcessHost::read_file(const std::string& path) {
  const auto text = process_.files().read_file(process_.user, process_.path(path));
  if (!text) return std::nullopt;
  process_.task->memory += text->size();  // kept until the program ends, as the vendor's do
  return Bytes(text->begin(), text->end());
}

bool ProcessHost::write_file(const std::string& path, std::span<const std::uint8_t> bytes) {
  const std::string_view text(reinterpret_cast<const char*>(bytes.data()), bytes.size());
  return process_.files().write_file(process_.user, process_.path(path), text, 0666 & ~process_.umask) ==
         devices::Errno::ok;
}

std::string ProcessHost::chip() const { return process_.board.data().chip; }

bool ProcessHost::has_tpu() const {
  const std::string node = variable("TPU_DEV").value_or("/dev/cvi-tpu0");
  return process_.files().access(process_.user, process_.path(node), 6) == devices::Errno::ok;
}

// The time model's clock, in whose ticks the records are.
std::uint32_t ProcessHost::tpu_clock() const {
  return process_.board.options().pmu_records ? 0 : static_cast<std::uint32_t>(mhz_ * 1e6 + 0.5);
}

std::shared_ptr<void> ProcessHost::allocate_ion(std::uint64_t bytes, const std::string& name) {
  auto buffer = process_.board.ion().allocate(bytes, process_.task->pid, name);
  if (!buffer) return nullptr;
  return std::make_shared<devices::IonBuffer>(std::move(buffer));
}

// The time model runs a whole program; the routines of one follow one another, so each has its own stretch of records.
const std::vector<std::vector<PmuRecord>>& ProcessHost::records_of(const TpuJob& job) {
  if (profiled_ == job.model && profiled_program_ == job.program) return records_;
  ProfileOptions options;
  const std::string& board = process_.board.data().name;
  for (const auto& known : cv18xx::timing_boards()) {
    if (known == board) options.board = board;
  }
  options.program = job.program;
  const Profile profile = cv18xx::profile_model(*job.model, options);
  mhz_ = profile.mhz;
  const Bytes raw = cv18xx::pmu_records(profile);
  const cv18xx::Chip* simulated = cv18xx::find_chip(chip());
  records_.clear();
  std::size_t at = 0;
  for (const auto& routine : job.model->programs[job.program].routines) {
    auto& records = records_.emplace_back();
    const auto* tpu = std::get_if<cvimodel::TpuRoutine>(&routine.body);
    if (!tpu) continue;
    const auto stream = cv18xx::read_commands(*job.model->find_section(tpu->section), tpu->is_dmabuf, *simulated);
    const std::size_t end =
        std::min(at + record_count(stream) * record_bytes, raw.size() / record_bytes * record_bytes);
    for (; at < end; at += record_bytes)
      records.push_back(decode_pmu_record(ByteView(raw).sub(at, record_bytes, "record")));
  }
  profiled_ = job.model;
  profiled_program_ = job.program;
  return records_;
}

// Commands without a model: each engine works off its own, one after the other.
std::uint64_t ProcessHost::plain_time(std::span<const cv18xx::StreamEntry> stream) const {
  const std::string& board = process_.board.data().name;
  const auto known = cv18xx::timing_boards();
  const auto timing =
      cv18xx::timing_board(std::ranges::count(known, board) ? board : cv18xx::default_timing_board(chip()), {});
  cv18xx::CostModel costs(timing.values);
  std::uint64_t tiu = 0, tdma = 0;
  for (const auto& entry : stream) {
    const auto cycles = [](const TimedCommand& timed) { return timed.start_cycles + timed.work_cycles; };
    if (entry.engine == cv18xx::Engine::tiu) tiu += cycles(costs.tiu(entry.tiu()).timed);
    if (entry.engine == cv18xx::Engine::tdma) tdma += cycles(costs.tdma(entry.tdma()).timed);
  }
  return static_cast<std::uint64_t>(static_cast<double>(tiu + tdma) * 1000.0 / timing.values.tpu_mhz);
}

void ProcessHost::run_tpu(const TpuJob& job, const std::function<void()>& work) {
  if (!job.model) {
    const std::uint64_t ns = plain_time(job.stream);
    process_.board.tpu().run(*process_.task, [&] {
      work();
      return ns;
    });
    return;
  }
  const auto records = pmu_records(job);
  process_.board.tpu().run(*process_.task, [&] {
    work();
    const auto ticks = static_cast<double>(total(records, 0).ticks);
    return static_cast<std::uint64_t>(ticks * 1000.0 / mhz_);
  });
}

std::vector<PmuRecord> ProcessHost::pmu_records(const TpuJob& job) {
  if (const auto& given = process_.board.options().pmu_records) return given(job.stream);
  return records_of(job)[job.routine];
}

}  // namespace vnpu::programs
