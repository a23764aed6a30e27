// History across logins, the log of typed lines, and what memory and process lists show of the TPU.
#include <unistd.h>
#include <atomic>

#include <filesystem>
#include <thread>

#include "sim/cv18xx/timing/parameters.h"
#include "tests/devices/board_fixture.h"
#include "tests/devices/screen.h"

namespace vnpu::devices {
namespace {

class SystemTest : public BoardTest {};

TEST_F(SystemTest, HistoryOutlivesTheBoard) {
  const auto folder = std::filesystem::temp_directory_path() / ("vnpu-history-" + std::to_string(::getpid()));
  BoardOptions kept = options();
  kept.directory = folder;
  {
    board = Board::open("milkv-duo", kept);
    AtTerminal user(*board);
    user.run("echo $((6*7))", "42");
    EXPECT_EQ(user.leave(), 0);
    board.reset();
    board = Board::open("milkv-duo", kept);
  }
  {
    AtTerminal user(*board);
    user.type("\033[A\033[A");
    user.screen->shows("~# echo $((6*7))");
    user.type("\r");
    user.screen->shows("42");
    user.run("cat .ash_history", "echo $((6*7))\nexit\n");
    EXPECT_EQ(user.leave(), 0);
  }
  // Cut when it has grown.
  std::string many;
  for (int i = 0; i < 1100; ++i) many += "line " + std::to_string(i) + "\n";
  board->files().write_file(Credentials{}, board->data().users.at(0).home + "/.ash_history", many);
  {
    AtTerminal user(*board);
    user.run("echo $((6*7))", "42");
    EXPECT_EQ(user.leave(), 0);
  }
  EXPECT_EQ(out_of("wc -l < ~/.ash_history; head -1 ~/.ash_history; tail -1 ~/.ash_history"), "256\nline 846\nexit\n");
  board.reset();
  std::filesystem::remove_all(folder);
}

TEST_F(SystemTest, TypedLinesAreTold) {
  const auto screen = std::make_shared<Screen>(WindowSize{80, 24});
  const auto terminal = Terminal::make(screen);
  std::mutex mutex;
  std::vector<std::string> typed;
  SessionRequest request;
  request.terminal = terminal;
  request.typed = [&](const std::string& line) {
    const std::scoped_lock lock(mutex);
    typed.push_back(line);
  };
  const auto session = board->start(std::move(request));
  const std::string keys = "echo a\rcat <<E\rtext\rE\rexit 4\r";
  terminal->keys({reinterpret_cast<const std::uint8_t*>(keys.data()), keys.size()});
  EXPECT_EQ(session->wait(), 4);
  const std::scoped_lock lock(mutex);
  EXPECT_EQ(typed, (std::vector<std::string>{"echo a", "cat <<E", "text", "E", "exit 4"}));
}

TEST_F(SystemTest, TheHeapIsTakenFromTheMemory) {
  const auto total = [&] { return std::stoull(out_of("awk '/MemTotal/ { print $2 }' /proc/meminfo")); };
  const auto before = total();
  EXPECT_EQ(before, std::stoull(out_of("free | awk '/Mem:/ { print $2 }'")));
  BoardOptions larger = options();
  larger.ion_bytes = std::uint64_t{20} << 20;
  board = Board::open("milkv-duo", larger);
  EXPECT_EQ(before - total(), 4096u);
  const auto buffer = board->ion().allocate(12345, 7, "model");
  EXPECT_EQ(out_of("awk 'NR == 2 { print $6 }' /sys/kernel/debug/ion/cvi_carveout_heap_dump/summary"), "used:16384\n");
}

TEST_F(SystemTest, AJobOnTheTpuIsSeen) {
  std::atomic<bool> begun{false}, finish{false};
  auto task = board->tasks().add(1, 0, 0, "cvi_sample_classifier m.cvimodel", board->now_ns());
  std::thread job([&] {
    board->tpu().run(*task, [&] {
      begun = true;
      while (!finish) std::this_thread::yield();
      return std::uint64_t{1'500'000'000};
    });
  });
  while (!begun) std::this_thread::yield();
  EXPECT_EQ(out_of("top -b -n 1 | awk '/sample_classifier/ && !/awk/ { print $4 }'"), "D\n");
  EXPECT_EQ(out_of("awk '/waiting/ { print $2 }' /proc/tpu/usage"), "1\n");
  finish = true;
  job.join();
  EXPECT_EQ(out_of("ps | awk '/sample_classifier/ && !/awk/ { print $3 }'"), "0:01\n");
  board->tasks().remove(task->pid);
}

// The clock the PMU report names is the time model's; the board's data holds no second one.
TEST(BoardClock, IsTheTimeModels) {
  EXPECT_EQ(cv18xx::timing_board("milkv-duo", {}).values.tpu_mhz, 500);
  EXPECT_EQ(cv18xx::timing_board("maixcam", {}).values.tpu_mhz, 750);
}

}  // namespace
}  // namespace vnpu::devices
