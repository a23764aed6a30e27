// The vendor's programs on whole boards: started by path through the board's shell, with its files, ION heap, TPU queue
// and time. All recorded runs again, as pipe and as terminal, and our own digit model.
#include <fstream>

#include "base/npz.h"
#include "tests/devices/board_fixture.h"
#include "tests/devices/recorded_board.h"

namespace vnpu::devices {
namespace {

using programs::expected;
using programs::steady;
namespace fs = std::filesystem;
using nlohmann::json;

void put(Board& board, const std::string& path, std::span<const std::uint8_t> bytes, std::uint32_t permissions = 0644) {
  const Credentials root;
  ASSERT_EQ(board.files().make_directories(root, directory_name(path)), Errno::ok) << path;
  const std::string_view text(reinterpret_cast<const char*>(bytes.data()), bytes.size());
  ASSERT_EQ(board.files().write_file(root, path, text, permissions), Errno::ok) << path;
}

BoardOptions usual_options() {
  BoardOptions options;
  options.start_time_ns = 1795219200000000000;
  return options;
}

// The SDK's tree with empty files for the programs: a board knows them by name.
std::unique_ptr<Board> recorded(const std::string& name, const std::string& chip, std::uint64_t ion) {
  BoardOptions options = usual_options();
  options.ion_bytes = ion;
  options.pmu_records = programs::rule_records;
  auto board = Board::open(name, options);
  for (const auto& [path, bytes] : programs::recorded_board(vnpu::recordings(), chip).files) put(*board, path, bytes);
  const std::string sdk = "/home/milkv/cvitek_tpu_sdk/";
  for (const auto& [program, unused] : board->programs().vendors()) {
    for (const char* folder : {"bin/", "samples/bin/", "samples/samples_extra/bin/"})
      put(*board, sdk + folder + program, {}, 0755);
  }
  return board;
}

using Environment = std::map<std::string, std::string>;

Ran run(Board& board, const std::string& command, const Environment& environment = {}) {
  auto out = Collector::make(), err = Collector::make();
  SessionRequest request;
  request.command = command;
  for (const auto& [name, value] : environment) request.environment.emplace_back(name, value);
  request.in = bytes_stream("");
  request.out = out;
  request.err = err;
  Ran ran;
  ran.status = board.run(std::move(request));
  ran.out = out->take();
  ran.err = err->take();
  return ran;
}

// `out` is what the screen shows, with plain ends of line.
Ran run_on_terminal(Board& board, const std::string& command, const Environment& environment) {
  auto screen = Collector::make();
  SessionRequest request;
  request.command = command;
  for (const auto& [name, value] : environment) request.environment.emplace_back(name, value);
  request.terminal = Terminal::make(screen);
  Ran ran;
  ran.status = board.run(std::move(request));
  for (const char c : screen->take()) {
    if (c != '\r') ran.out += c;
  }
  return ran;
}

// The shell tells of the signal that ended its last command.
std::string without_aborted(const Ran& ran, std::string text) {
  if (ran.status == 134 && text.ends_with("Aborted\n")) text.resize(text.size() - 8);
  return text;
}

void replay(const std::string& name, const std::string& chip, bool terminal) {
  std::ifstream file(vnpu::recordings() / (chip + ".json"));
  const json cases = json::parse(file);
  ASSERT_EQ(cases.size(), 100u);
  const auto usual = recorded(name, chip, std::uint64_t{16} << 20);
  int equal = 0;
  for (const auto& c : cases) {
    const std::string id = c["name"], command = c["cmd"];
    SCOPED_TRACE(id);
    const json device = c.value("device", json::object());
    std::unique_ptr<Board> special;
    if (device.contains("ion_heap_bytes")) special = recorded(name, chip, device["ion_heap_bytes"]);
    if (device.contains("tpu_device")) {
      special = recorded(name, chip, std::uint64_t{16} << 20);
      ASSERT_EQ(special->files().remove_object("/dev/cvi-tpu0"), Errno::ok);
    }
    Board& board = special ? *special : *usual;
    const auto environment = c.contains("env") ? c["env"].get<Environment>() : Environment{};
    // The recorder left the records it fed to the driver beside the reports.
    if (id == "mr_pmu") put(board, std::string(programs::work) + "pmu_records.bin", {});
    std::string line = "cd " + c["cwd"].get<std::string>() + " && " + command;
    if (terminal && command.ends_with("ls")) line += " | cat";  // what it printed into the recorder's pipe
    Ran ran, wanted;
    wanted.status = c["exit"];
    wanted.out = expected(c, "stdout_pipe");
    wanted.err = expected(c, "stderr_pipe");
    if (terminal) {
      ran = run_on_terminal(board, line, environment);
      ran.out = without_aborted(ran, ran.out);
      wanted.out = c.contains("tty") || c.contains("tty_b64") ? expected(c, "tty") : wanted.out + wanted.err;
      wanted.err.clear();
    } else {
      ran = run(board, line, environment);
      ran.err = without_aborted(ran, ran.err);
    }
    EXPECT_EQ(ran.status, wanted.status);
    EXPECT_EQ(steady(id, ran.out), steady(id, wanted.out));
    EXPECT_EQ(ran.err, wanted.err);
    EXPECT_EQ(board.ion().used(), 0u);
    equal += ran.status == wanted.status && steady(id, ran.out) == steady(id, wanted.out) && ran.err == wanted.err;
  }
  EXPECT_EQ(equal, 100);
  EXPECT_GT(usual->tpu().use().jobs, 20u);
  std::printf("%s, %s: %d of 100 runs equal\n", name.c_str(), terminal ? "terminal" : "pipe", equal);
}

TEST(VendorProgramsOnABoard, RecordedRunsOnTheDuo) { replay("milkv-duo", "cv180x", false); }
TEST(VendorProgramsOnABoard, RecordedRunsOnTheMaixCam) { replay("maixcam", "cv181x", false); }
TEST(VendorProgramsOnABoard, RecordedRunsOnTheDuosTerminal) { replay("milkv-duo", "cv180x", true); }
TEST(VendorProgramsOnABoard, RecordedRunsOnTheMaixCamsTerminal) { replay("maixcam", "cv181x", true); }

TEST(VendorProgramsOnABoard, TimeAndRecordsAreTheModels) {
  const auto board = Board::open("milkv-duo", usual_options());
  const std::string digits = VNPU_SOURCE_DIR "/tests/golden/digits/";
  put(*board, "/root/digits.cvimodel", read_file(digits + "digits_cv180x_int8.cvimodel"));
  put(*board, "/root/model_runner", {}, 0755);
  const std::string command = "./model_runner -m digits.cvimodel -c 3 --enable-timer";
  const Ran first = run(*board, command), second = run(*board, command);
  EXPECT_EQ(first.status, 0) << first.err;
  EXPECT_NE(first.out.find("Performance result: 3 runs take "), std::string::npos);
  EXPECT_EQ(first.out, second.out) << "simulated time is the same in every run";

  const Ran reported = run(*board, command + " -p /tmp/pmu; head -n 1 /tmp/pmu_layer.csv; wc -l < /tmp/pmu_des.csv",
                           {{"TPU_ENABLE_PMU", "1"}});
  EXPECT_NE(reported.out.find("cv180x_tpu_clock: "), std::string::npos) << reported.out;
  EXPECT_EQ(reported.out.find("assume to 750Mhz"), std::string::npos);
  EXPECT_NE(reported.out.find("layerID, start, duration"), std::string::npos);
  EXPECT_NE(reported.out.find("tiu_cnt=16, tdma_cnt=24\n"), std::string::npos) << reported.out;
  EXPECT_NE(reported.out.find("\n41\n"), std::string::npos) << "a line for each of the 40 commands, and a head";
  EXPECT_EQ(board->tpu().use().jobs, 9u);
}

}  // namespace
}  // namespace vnpu::devices
