// bm-smi, bm_version, the device nodes, and the table of programs.
#include <algorithm>

#include "devices/board.h"
#include "devices/sophon/programs.h"
#include "devices/text.h"

namespace vnpu::sophon {
namespace {

using devices::text;

constexpr const char* sdk_version = "v23.09 LTS-SP3";
constexpr const char* library_version = "0.5.1";

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

constexpr const char* smi_usage =
    "bm-smi --start_dev=N --last_dev=N --file=FILE --lms=MS --loop --text_format\n"
    "  --text_format  one line a device, attributes separated by blanks\n";

}  // namespace

int bm_smi(devices::Process& process) {
  bool line = false;
  std::string file;
  for (std::size_t i = 1; i < process.argv.size(); ++i) {
    std::string name = process.argv[i], value;
    if (name.starts_with("--")) name.erase(0, 1);
    if (const auto equals = name.find('='); equals != std::string::npos) {
      value = name.substr(equals + 1);
      name.resize(equals);
    }
    if (name == "-text_format") {
      line = true;
    } else if (name == "-file") {
      file = value;
    } else if (name == "-help") {
      process.print(smi_usage);
      return 0;
    } else if ((name == "-start_dev" || name == "-last_dev") && (value.empty() || value == "0")) {
    } else if (name == "-start_dev" || name == "-last_dev") {
      process.complain("bm-smi: device " + value + " does not exist: this board has device 0\n");
      return 255;
    } else if (name != "-lms" && name != "-loop" && name != "-noloop") {
      process.complain("ERROR: unknown command line flag '" + name.substr(1) + "'\n");
      return 1;
    }
  }
  const auto use = process.board.tpu().use();
  const std::uint64_t up = std::max<std::uint64_t>(1, process.board.uptime_ns());
  const auto percent = static_cast<unsigned>(std::min<std::uint64_t>(100, use.busy_ns * 100 / up));
  const auto used = static_cast<unsigned>(process.board.ion().used() >> 20),
             total = static_cast<unsigned>(process.board.ion().total() >> 20);
  std::string out;
  if (line) {
    out = text("0 1684X SOC 1000M %uMB %uMB %u%% Active\n", used, total, percent);
  } else {
    const std::string rule = "+" + std::string(78, '-') + "+\n";
    const auto row = [](const std::string& words) { return text("| %-76s |\n", words.c_str()); };
    out = rule + row(text("SDK Version: %22s   Driver Version: %18s", library_version, library_version)) + rule;
    out += row("card  Name       Mode  TPU  tpuclk   Status   Memory-Usage         Tpu-Util");
    out += rule;
    out += row(text("0     1684X-SOC  SOC   0    1000M    Active   %5uMB/%5uMB      %3u%%", used, total, percent));
    out += rule;
  }
  if (file.empty()) {
    process.print(out);
    return 0;
  }
  if (process.files().write_file(process.user, process.path(file), out) == devices::Errno::ok) return 0;
  process.complain("bm-smi: cannot write " + file + "\n");
  return 1;
}

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
