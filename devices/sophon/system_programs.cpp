// bm_version, the device nodes, and the table of programs.
#include "devices/board.h"
#include "devices/sophon/programs.h"
#include "devices/text.h"

namespace vnpu::sophon {
namespace {

using devices::text;

constexpr const char* sdk_version = "v23.09 LTS-SP3";

class Node : public devices::NodeObject {
 public:
  explicit Node(std::uint32_t number) : number_(number) {}
  devices::FileType type() const override { return devices::FileType::character_device; }
  std::uint32_t device() const override { return number_; }
  devices::Result<std::size_t> read_at(std::uint64_t, std::span<std::uint8_t>) override {
    return devices::Errno::inval;
  }
  devices::Result<std::size_t> write_at(std::uint64_t, std::span<const std::uint8_t>) override {
    return devices::Errno::inval;
  }

 private:
  std::uint32_t number_;
};

}  // namespace

int bm_version(devices::Process& process) {
  const auto& data = process.board.data();
  process.print(text("SophonSDK version: %s\n", sdk_version) +
                text("sophon-soc-libsophon : %s\nsophon-mw-soc-sophon-ffmpeg : 0.11.0\n", library_version) +
                "sophon-mw-soc-sophon-opencv : 0.11.0\nBL2 v2.7(release): Built : 2026-11-21\n"
                "U-Boot 2022.10 (Nov 21 2026) Sophon BM1684X\nKernelVersion : Linux " +
                data.hostname + " " + data.kernel_release + " " + data.kernel_version +
                " aarch64 aarch64 aarch64 GNU/Linux\nHWVersion: 0x00\nMCUVersion: 0x02\n");
  return 0;
}

void add_programs(devices::ProgramTable& table) {
  table.add_applet("bash", table.applet("ash"));
  table.add_applet("sudo", sudo, "/usr/bin");
  table.add_vendor("bmrt_test", bmrt_test);
  table.add_vendor("bm-smi", bm_smi);
  table.add_vendor("bm_version", bm_version);
  table.add_vendor("model_tool", model_tool);
  table.add_vendor("model_runner", model_runner);
}

void add_nodes(devices::Board& board) {
  board.files().add_object("/dev/bmdev-ctl", std::make_shared<Node>(510 << 8 | 0), 0666);
  board.files().add_object("/dev/bm-tpu0", std::make_shared<Node>(511 << 8 | 0), 0666);
}

}  // namespace vnpu::sophon
