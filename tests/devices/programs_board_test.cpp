// The vendor's programs on whole boards: started by path through the board's shell, with its files, ION heap, TPU queue
// and time. The recorded runs again ($VNPU_GOLDEN or ../shared/golden, folder boards), and our own digit model.
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

// The SDK's tree with empty files for the programs: a board knows them by name.
std::unique_ptr<Board> recorded(const std::string& name, const std::string& chip, std::optional<std::uint64_t> ion) {
  BoardOptions options;
  options.start_time_ns = 1795219200000000000;
  options.ion_bytes = ion;
  auto board = Board::open(name, options);
  for (const auto& [path, bytes] : programs::recorded_board(programs::recordings(), chip).files)
    put(*board, path, bytes);
  const std::string sdk = "/home/milkv/cvitek_tpu_sdk/";
  for (const auto& [program, unused] : board->programs().vendors()) {
    for (const char* folder : {"bin/", "samples/bin/", "samples/samples_extra/bin/"})
      put(*board, sdk + folder + program, {}, 0755);
  }
  return board;
}

Ran run(Board& board, const std::string& command, const std::map<std::string, std::string>& environment = {}) {
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

void replay(const std::string& name, const std::string& chip) {
  const fs::path folder = programs::recordings();
  if (!fs::exists(folder)) GTEST_SKIP() << "no recorded runs in " << folder;
  std::ifstream file(folder / (chip + ".json"));
  const auto usual = recorded(name, chip, std::uint64_t{16} << 20);
  std::size_t replayed = 0;
  for (const auto& c : json::parse(file)) {
    const std::string id = c["name"], command = c["cmd"];
    SCOPED_TRACE(id);
    if (id == "math_sample_gemm" || id == "mr_timer") continue;  // not there; the board has a time of its own
    const json device = c.value("device", json::object());
    if (device.is_object() && device.contains("pmu")) continue;  // records made for the recording
    if (id == "tool_extract") continue;                          // lists what those cases leave behind
    std::unique_ptr<Board> special;
    if (device.is_object() && device.contains("ion_heap_bytes"))
      special = recorded(name, chip, device["ion_heap_bytes"]);
    if (device.is_object() && device.contains("tpu_device")) {
      special = recorded(name, chip, {});
      ASSERT_EQ(special->files().remove_object("/dev/cvi-tpu0"), Errno::ok);
    }
    Board& board = special ? *special : *usual;
    std::map<std::string, std::string> environment;
    if (c.contains("env") && c["env"].is_object()) environment = c["env"].get<std::map<std::string, std::string>>();
    const Ran ran = run(board, "cd " + c["cwd"].get<std::string>() + " && " + command, environment);
    EXPECT_EQ(ran.status, c["exit"].get<int>());
    EXPECT_EQ(steady(id, ran.out), steady(id, expected(c, "stdout_pipe")));
    // The shell tells of the signal that ended its last command.
    std::string err = ran.err;
    if (ran.status == 134 && err.ends_with("Aborted\n")) err.resize(err.size() - 8);
    EXPECT_EQ(err, expected(c, "stderr_pipe"));
    EXPECT_EQ(board.ion().used(), 0u);
    ++replayed;
  }
  EXPECT_EQ(replayed, 93u);
  EXPECT_GT(usual->tpu().use().jobs, 20u);
  EXPECT_GT(usual->tpu().use().busy_ns, 1000000u);
}

TEST(VendorProgramsOnABoard, RecordedRunsOnTheDuo) { replay("milkv-duo", "cv180x"); }
TEST(VendorProgramsOnABoard, RecordedRunsOnTheMaixCam) { replay("maixcam", "cv181x"); }

TEST(VendorProgramsOnABoard, TimeAndRecordsAreTheModels) {
  BoardOptions options;
  options.start_time_ns = 1795219200000000000;
  const auto board = Board::open("milkv-duo", options);
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
