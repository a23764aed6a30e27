#include "tests/devices/board_files.h"

#include <algorithm>
#include <filesystem>

#include "devices/programs/vendor_programs.h"
#include "devices/task.h"

namespace vnpu::programs {
namespace {

class FilesHost final : public ProgramHost {
 public:
  FilesHost(BoardState& board, const std::string& cwd, const std::map<std::string, std::string>& environment,
            bool terminal)
      : board_(board), cwd_(cwd), environment_(environment), terminal_(terminal) {}

  ProgramResult result;

  std::optional<std::string> variable(const std::string& name) const override {
    const auto found = environment_.find(name);
    return found == environment_.end() ? std::nullopt : std::optional(found->second);
  }
  std::string resolve(const std::string& path) const {
    return (std::filesystem::path(cwd_) / path).lexically_normal().string();
  }
  std::optional<Bytes> read_file(const std::string& path) override {
    const auto found = board_.files.find(resolve(path));
    return found == board_.files.end() ? std::nullopt : std::optional(found->second);
  }
  bool write_file(const std::string& path, std::span<const std::uint8_t> bytes) override {
    board_.files[resolve(path)].assign(bytes.begin(), bytes.end());
    return true;
  }
  void write(int descriptor, std::string_view text) override {
    (descriptor == 1 ? result.out : result.err) += text;
    result.both += text;
  }
  bool is_terminal(int) const override { return terminal_; }
  std::string chip() const override { return board_.chip; }
  bool has_tpu() const override { return board_.tpu; }
  std::shared_ptr<void> allocate_ion(std::uint64_t bytes, const std::string&) override {
    if (bytes > board_.ion_bytes - board_.ion_used) return nullptr;
    board_.ion_used += bytes;
    return std::shared_ptr<void>(&board_, [this, bytes](void*) { board_.ion_used -= bytes; });
  }
  void run_tpu(const TpuJob&, const std::function<void()>& work) override {
    work();
    now_ += board_.run_ns;
  }
  std::vector<PmuRecord> pmu_records(const TpuJob& job) override {
    return board_.rule_records ? rule_records(job.stream) : std::vector<PmuRecord>{};
  }
  void spend_cpu(std::uint64_t ns) override { now_ += ns; }
  std::uint64_t now_ns() const override { return now_; }

 private:
  std::uint64_t now_ = 0;
  BoardState& board_;
  std::string cwd_;
  const std::map<std::string, std::string>& environment_;
  bool terminal_;
};

}  // namespace

std::vector<PmuRecord> rule_records(std::span<const cv18xx::StreamEntry> stream) {
  std::vector<PmuRecord> records;
  const auto count = [&](cv18xx::Engine e) {
    return static_cast<std::uint32_t>(std::ranges::count(stream, e, &cv18xx::StreamEntry::engine));
  };
  const std::uint32_t tdma = count(cv18xx::Engine::tdma), tiu = count(cv18xx::Engine::tiu);
  std::uint32_t t = 1000;
  for (std::uint32_t i = 0; i < std::max(tdma, tiu); ++i) {
    if (i < tdma) {
      const auto type = i + 1 == tdma ? PmuRecord::Type::tdma_store : PmuRecord::Type::tdma_load;
      records.push_back({type, static_cast<std::uint16_t>(i + 1), 100 + i, 64 + i, t, t + 200});
      t += 200;
    }
    if (i < tiu) {
      records.push_back({PmuRecord::Type::tiu, static_cast<std::uint16_t>(i + 1), 0, 0, t - 50, t + 300});
      t += 300;
    }
  }
  return records;
}

ProgramResult run_program(BoardState& board, const std::vector<std::string>& argv, const std::string& cwd,
                          const std::map<std::string, std::string>& environment, bool terminal) {
  FilesHost host(board, cwd, environment, terminal);
  host.argv = argv;
  const std::string name = std::filesystem::path(argv.at(0)).filename().string();
  const auto found = std::ranges::find(vendor_programs, name, &std::pair<std::string_view, VendorProgram>::first);
  if (found == vendor_programs.end()) {
    host.result.status = 127;
    return host.result;
  }
  try {
    host.result.status = found->second(host);
  } catch (const devices::Killed& killed) {
    host.result.status = 128 + killed.signal;
  }
  return host.result;
}

}  // namespace vnpu::programs
