// Job control at a terminal: ^Z, fg, bg, jobs.
#include <thread>

#include "tests/devices/board_fixture.h"
#include "tests/devices/screen.h"

namespace vnpu::devices {
namespace {

class JobsTest : public BoardTest {};

// The keys count once a job has the terminal: each says so by a word of its own.
TEST_F(JobsTest, StopsAndGoesOn) {
  AtTerminal user(*board);
  user.run("(echo one; sleep 100)", "100)\none");
  user.type("\032");
  user.screen->until(
      [](const Screen& s) { return s.row(2) == "^Z[1]+  Stopped                    (echo one; sleep 100)"; });
  user.run("echo $?", "148");
  user.run("(echo two; sleep 200) | cat", "cat\ntwo");
  user.type("\032");
  user.screen->shows("[2]+  Stopped                    (echo two; sleep 200) | cat");
  user.run("clear; jobs", "[1]-  Stopped                    (echo one; sleep 100)");
  user.screen->until(
      [](const Screen& s) { return s.row(0) == "[2]+  Stopped                    (echo two; sleep 200) | cat"; });
  user.run("bg %1", "[1] (echo one; sleep 100)");
  user.run("jobs", "[1]-  Running                    (echo one; sleep 100)");
  user.run("fg %2", "\n(echo two; sleep 200) | cat");
  user.type("\003");
  user.run("clear; kill %1; sleep 0.1", "sleep 0.1");
  user.run("", "[1]+  Terminated                 (echo one; sleep 100)");
  user.run("clear; jobs; echo $((6*7))", "42");
  EXPECT_EQ(user.leave(), 0);
}

TEST_F(JobsTest, KeysAreForTheForeground) {
  AtTerminal user(*board);
  user.run("cat &", "cat &");
  while (true) {
    const auto task = board->tasks().all().back();
    if (task->stopped()) break;
    std::this_thread::yield();
  }
  user.run("", "[1]+  Stopped (tty input)        cat");
  user.run("fg", "\ncat");
  user.run("mine", "mine\nmine");
  user.type("\004");
  user.run("echo $((6*7))", "42");
  EXPECT_EQ(user.leave(), 0);
}

TEST_F(JobsTest, LeavingTellsOfStoppedJobs) {
  AtTerminal user(*board);
  user.run("(sleep 100; echo never)", "never)");
  while (board->tasks().all().back()->command() != "sleep 100") std::this_thread::yield();
  user.type("\032");
  user.screen->shows("Stopped                    (sleep 100; echo never)");
  user.run("exit", "You have stopped jobs.");
  EXPECT_EQ(user.leave("exit 5\r"), 5);
  for (const auto& task : board->tasks().all()) EXPECT_NE(task->command(), "sleep 100");
}

TEST_F(JobsTest, ScreenProgramsComeBackWhole) {
  AtTerminal user(*board, {60, 8});
  user.type("vi n\r");
  user.screen->shows("- n 1/1 100%");
  user.type("ihello\033");
  user.screen->shows("- n [Modified]");
  user.type("\032");
  user.screen->shows("Stopped                    vi n");
  user.run("clear; echo $((6*7))", "42");
  user.type("fg\r");
  user.screen->until([](const Screen& s) { return s.row(0) == "hello" && s.row(7).starts_with("- n [Modified]"); });
  user.type(":wq\r");
  user.run("cat n", "hello\n[root");
  EXPECT_EQ(user.leave(), 0);
}

TEST_F(JobsTest, SignalsStopFromOutside) {
  EXPECT_EQ(run("sleep 0.2 & kill -STOP $!; top -b -n 1 | awk '$4 == \"T\" { n++ } END { print (n > 0) }'; kill -CONT "
                "$!; wait $!; echo $?")
                .out,
            "1\n0\n");
  EXPECT_EQ(run("sleep 50 & kill -STOP $!; kill -KILL $!; wait $!; echo $?").out, "137\n");
}

}  // namespace
}  // namespace vnpu::devices
