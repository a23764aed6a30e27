#include "devices/programs/process_host.h"

#include "devices/board.h"

namespace vnpu::programs {

std::optional<std::string> ProcessHost::variable(const std::string& name) const {
  const auto* value = process_.variable(name);
  return value ? std::optional(*value) : std::nullopt;
}

std::optional<Bytes> ProcessHost::read_file(const std::string& path) {
  const auto text = process_.files().read_file(process_.user, process_.path(path));
  if (!text) return std::nullopt;
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

std::uint32_t ProcessHost::tpu_clock() const { return static_cast<std::uint32_t>(process_.board.data().tpu_hz); }

std::shared_ptr<void> ProcessHost::allocate_ion(std::uint64_t bytes, const std::string& name) {
  auto buffer = process_.board.ion().allocate(bytes, process_.task->pid, name);
  if (!buffer) return nullptr;
  return std::make_shared<devices::IonBuffer>(std::move(buffer));
}

void ProcessHost::run_tpu(const TpuJob&, const std::function<void()>& work) {
  process_.board.tpu().run(*process_.task, [&] {
    work();
    return std::uint64_t{0};
  });
}

std::vector<PmuRecord> ProcessHost::pmu_records(const TpuJob&) { return {}; }

}  // namespace vnpu::programs
