// The AXera-Pi's modes and programs.
#include <gtest/gtest.h>

#include "base/archive.h"
#include "devices/axera/npu.h"
#include "devices/board.h"

namespace vnpu::axera {
namespace {

Bytes sample(const std::string& kind) {
  const auto archive = read_file(std::filesystem::path(VNPU_SOURCE_DIR) / "tests/golden/ax620/cases.tar.xz");
  Bytes out;
  for_each_entry(archive, ArchiveFormat::tar, {}, [&](const std::string& path, Bytes bytes) {
    if (out.empty() && path.find(kind) != std::string::npos && path.ends_with("model.joint")) out = std::move(bytes);
  });
  EXPECT_FALSE(out.empty());
  return out;
}

struct Ran {
  int status = 0;
  std::string out, err;
};

class AxeraPi : public testing::Test {
 protected:
  Ran run(const std::string& command) {
    auto out = devices::Collector::make(), err = devices::Collector::make();
    devices::SessionRequest request;
    request.command = command;
    request.out = out;
    request.err = err;
    const int status = board->run(request);
    return {status, out->take(), err->take()};
  }

  std::unique_ptr<devices::Board> board = devices::Board::open("axera-pi");
};

TEST(NpuModes, CameraLeavesTheFirstHalf) {
  NpuModes modes;
  std::string why;
  EXPECT_EQ(modes.open(HardMode::disable, why), 0u);
  EXPECT_EQ(modes.create(ModelMode::whole, why), 0u);
  EXPECT_EQ(modes.create(ModelMode::first, why), not_supported);
  EXPECT_EQ(modes.open(HardMode::one_one, why), not_supported);
  EXPECT_NE(why.find("virtual npu mode not supported"), std::string::npos);
  EXPECT_EQ(modes.camera(true, why), not_supported);
  modes.close();
  EXPECT_EQ(modes.camera(true, why), 0u);
  EXPECT_EQ(modes.open(HardMode::disable, why), not_supported);
  EXPECT_EQ(modes.open(HardMode::one_one, why), 0u);
  EXPECT_EQ(modes.create(ModelMode::first, why), 0u);
  EXPECT_EQ(modes.create(ModelMode::second, why), not_supported);
  EXPECT_EQ(modes.create(ModelMode::whole, why), not_supported);
  EXPECT_NE(why.find("virtual npu type error"), std::string::npos);
  EXPECT_EQ(modes.camera(false, why), 0u);
  EXPECT_EQ(modes.create(ModelMode::second, why), 0u);
  modes.close();
  EXPECT_EQ(modes.mode(), HardMode::none);
}

TEST_F(AxeraPi, RunJointPrintsEveryLine) {
  const Bytes model = sample("bgr");
  board->files().write_file({}, "/root/m.joint", {reinterpret_cast<const char*>(model.data()), model.size()}, 0644);
  const Ran ran = run("cd /root; mkdir out; run_joint m.joint --repeat 3 --bin-out-dir out; ls out");
  EXPECT_EQ(ran.status, 0) << ran.err;
  std::size_t at = 0;
  for (const char* line :
       {"run joint version: 0.5.10\n", "\nvirtual npu mode is 1_1\n\n", "tools version: 0.0.0.1\nown\n",
        "Using wbt 0\n", "Max Batch Size 1\n", "Support Dynamic Batch? No\n", "Is FilterMode? No\n\n",
        "Quantization Type is 8 bit\n\n", "Using batch size 1\n",
        "Not set environment variable to report memory usage!\n\n", "CMM usage: ", "Create handle took ",
        "Run task took ", " us (2 rounds for average)\n", "\tRun NEU took an average of ",
        "NPU perf cnt total: ", "\tNPU perf cnt of eu(0): ", "\tNPU perf cnt of eu(4): 0\n"}) {
    const auto found = ran.out.find(line, at);
    ASSERT_NE(found, std::string::npos) << line << "\nin\n" << ran.out;
    at = found;
  }
}

TEST_F(AxeraPi, FailuresAreTheVendors) {
  EXPECT_EQ(run("run_joint").status, 255);
  EXPECT_NE(run("run_joint").err.find("must specify joint file"), std::string::npos);
  EXPECT_NE(run("run_joint -h").err.find("undefined short option: -h"), std::string::npos);
  EXPECT_NE(run("run_joint none.joint").err.find("read file none.joint failed"), std::string::npos);
  const Bytes model = sample("w8");
  board->files().write_file({}, "/root/m.joint", {reinterpret_cast<const char*>(model.data()), model.size()}, 0644);
  const Ran wrong = run("run_joint --mode disable /root/m.joint");
  EXPECT_EQ(wrong.status, 134);
  EXPECT_NE(wrong.err.find("virtual npu type error"), std::string::npos) << wrong.err;
  board->files().write_file({}, "/root/broken.joint", "no model at all", 0644);
  EXPECT_EQ(run("run_joint /root/broken.joint").status, 134);
}

TEST_F(AxeraPi, NpuNodesWakeUp) {
  EXPECT_EQ(run("cat /proc/ax_proc/ax_npu/top").out, "nputop info is not enabled!\n");
  EXPECT_EQ(run("echo 1 > /proc/ax_proc/ax_npu/enable; cat /proc/ax_proc/ax_npu/top").out, "nputop info is empty!\n");
  EXPECT_EQ(run("cat /proc/ax_proc/ax_npu/clk").out, "800M\n");
  EXPECT_EQ(run("echo 250 > /proc/ax_proc/ax_npu/top_period_ms; cat /proc/ax_proc/ax_npu/top_period_ms").out,
            "250 ms\n");
  const Bytes model = sample("w8");
  board->files().write_file({}, "/root/m.joint", {reinterpret_cast<const char*>(model.data()), model.size()}, 0644);
  EXPECT_EQ(run("run_joint /root/m.joint > /dev/null; cat /proc/ax_proc/ax_npu/top | grep core").out,
            "core:vnpu_1_1_1\ncore:vnpu_1_1_2\n");
}

TEST_F(AxeraPi, MemoryPoolIsLimited) {
  devices::BoardOptions small;
  small.ion_bytes = 4096;
  board = devices::Board::open("axera-pi", small);
  const Bytes model = sample("w8");
  board->files().write_file({}, "/root/m.joint", {reinterpret_cast<const char*>(model.data()), model.size()}, 0644);
  const Ran ran = run("run_joint /root/m.joint");
  EXPECT_EQ(ran.status, 134);
  EXPECT_NE(ran.err.find("not enough memory"), std::string::npos) << ran.err;
}

}  // namespace
}  // namespace vnpu::axera
