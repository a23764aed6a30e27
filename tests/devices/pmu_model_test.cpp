// The performance unit's report that a board's program prints, against the time model's profile of the same model on
// the same board: one set of counters.
#include <algorithm>
#include <cstdio>

#include "devices/programs/pmu.h"
#include "models/cvimodel/model.h"
#include "sim/cv18xx/timing/profile.h"
#include "tests/devices/board_fixture.h"

namespace vnpu::devices {
namespace {

// "NAME    123t" of a report.
std::uint64_t ticks_of(const std::string& report, const std::string& name) {
  const auto at = report.find(name);
  return at == std::string::npos ? 0 : std::stoull(report.substr(at + name.size()));
}

TEST(PmuOfABoard, ReportIsTheTimeModels) {
  const Bytes file =
      read_file(std::filesystem::path(VNPU_SOURCE_DIR "/tests/golden/digits/digits_cv180x_int8.cvimodel"));
  const Profile profile = cv18xx::profile_model(cvimodel::read(file), {"milkv-duo", {}, 0});
  std::uint64_t first = ~std::uint64_t{0}, last = 0;
  for (const auto& command : profile.commands) {
    if (command.kind == cv18xx::pmu_none) continue;
    first = std::min(first, command.start), last = std::max(last, command.end);
  }

  const auto board = Board::open("milkv-duo", {});
  const Credentials root;
  const auto put = [&](const std::string& path, std::string_view text, std::uint32_t permissions) {
    ASSERT_EQ(board->files().write_file(root, path, text, permissions), Errno::ok) << path;
  };
  put("/root/digits.cvimodel", {reinterpret_cast<const char*>(file.data()), file.size()}, 0644);
  put("/root/model_runner", {}, 0755);
  auto out = Collector::make();
  SessionRequest request;
  request.command = "./model_runner -m digits.cvimodel";
  request.environment.emplace_back("TPU_ENABLE_PMU", "1");
  request.in = bytes_stream("");
  request.out = out;
  request.err = Collector::make();
  EXPECT_EQ(board->run(std::move(request)), 0);
  const std::string report = out->take();

  EXPECT_EQ(ticks_of(report, "tiu_exe_tick"), profile.engines[0].busy_cycles) << report;
  EXPECT_EQ(ticks_of(report, "tdma_exe_tick:"), profile.engines[1].busy_cycles) << report;
  EXPECT_EQ(ticks_of(report, "inference_tick"), last - first) << report;
  char line[80];
  std::snprintf(line, sizeof line, "%-20s %8dMhz", "cv180x_tpu_clock:", static_cast<int>(profile.mhz));
  EXPECT_NE(report.find(line), std::string::npos) << report;
  std::snprintf(line, sizeof line, "%-20s %9.2fMB,",
                "inferece_data:", static_cast<double>(profile.bus_bytes()) / 1048576);
  EXPECT_NE(report.find(line), std::string::npos) << report;
  std::snprintf(line, sizeof line, "%-20s %9.2fms\n", "inference_ms:", profile.ms(last - first));
  EXPECT_NE(report.find(line), std::string::npos) << report;
}

}  // namespace
}  // namespace vnpu::devices
