// Engines, waits and the shared memory, on lists small enough to count by hand.
#include "sim/core/timeline.h"

#include <gtest/gtest.h>

#include <thread>

#include "base/error.h"

namespace vnpu {
namespace {

TimedCommand work(std::uint64_t cycles, std::array<std::uint32_t, max_engines> after = {}) {
  TimedCommand command;
  command.work_cycles = cycles;
  command.after = after;
  return command;
}

TimedCommand access(std::uint64_t bytes, std::uint64_t start = 0, bool write = false) {
  TimedCommand command;
  command.start_cycles = start;
  command.access[0] = {bytes, 1, 1, write};
  return command;
}

// 1 byte a nanosecond, engines at 1000 MHz: a byte is a cycle.
MachineTiming byte_a_cycle() {
  MachineTiming machine;
  machine.mhz = 1000;
  machine.dram.bus_bits = 8;
  machine.dram.mega_transfers = 1000;
  return machine;
}

TEST(Timeline, EnginesWaitForEachOther) {
  // a0 a1; b0 after a0, b1 after a1 and b0; a2 after b1.
  std::vector<EngineList> lists{{"a", 1, 2, {work(10), work(20), work(5, {0, 2})}},
                                {"b", 1, 4, {work(100, {1}), work(7, {2})}}};
  const Timeline t = simulate(lists, byte_a_cycle());
  EXPECT_EQ(t.engines[0][0].start, 0u);
  EXPECT_EQ(t.engines[0][0].end, 10u);
  EXPECT_EQ(t.engines[0][1].start, 11u);  // issue gap 1
  EXPECT_EQ(t.engines[1][0].start, 14u);  // wakes 4 after a0
  EXPECT_EQ(t.engines[1][0].held_by, 0);
  EXPECT_EQ(t.engines[1][1].start, 115u);  // a1 was done long before: its own list held it
  EXPECT_EQ(t.engines[1][1].held_by, -1);
  EXPECT_EQ(t.engines[0][2].start, 124u);  // wakes 2 after b1
  EXPECT_EQ(t.cycles, 129u);
}

TEST(Timeline, MemoryAndWorkRunSideBySide) {
  TimedCommand both = access(100, 30);
  both.work_cycles = 40;
  EXPECT_EQ(simulate({{"a", 0, 0, {both}}}, byte_a_cycle()).cycles, 130u);
  both.work_cycles = 400;
  EXPECT_EQ(simulate({{"a", 0, 0, {both}}}, byte_a_cycle()).cycles, 430u);
  both.work_cycles = 0;
  both.access[1] = {50, 1, 1, true};  // one after the other
  const Timeline t = simulate({{"a", 0, 0, {both}}}, byte_a_cycle());
  EXPECT_EQ(t.cycles, 180u);
  EXPECT_EQ(t.masters[0].read_bytes, 100u);
  EXPECT_EQ(t.masters[0].written_bytes, 50u);
}

TEST(Timeline, RunsAndPagesCostTime) {
  MachineTiming machine = byte_a_cycle();
  machine.dram.run_ns = 3;
  machine.dram.page_ns = 5;
  TimedCommand command;
  command.access[0] = {100, 10, 4, false};
  EXPECT_EQ(simulate({{"a", 0, 0, {command}}}, machine).cycles, 150u);
}

TEST(Timeline, TwoMastersShareTheMemory) {
  MachineTiming machine = byte_a_cycle();
  machine.dram.turn_bytes = 100;
  const Timeline t = simulate({{"a", 0, 0, {access(10000)}}, {"b", 0, 0, {access(10000)}}}, machine);
  // Turn by turn: both need the whole time, no byte is lost or served twice.
  EXPECT_EQ(t.cycles, 20000u);
  EXPECT_EQ(std::min(t.engines[0][0].end, t.engines[1][0].end), 19900u);
  EXPECT_NEAR(t.masters[0].waited_ns + t.masters[1].waited_ns, 19900, 1);
}

TEST(Timeline, AShortAccessDoesNotWaitForALongOne) {
  MachineTiming machine = byte_a_cycle();
  machine.dram.turn_bytes = 100;
  TimedCommand late = access(50, 1010);
  const Timeline t = simulate({{"long", 0, 0, {access(10000)}}, {"short", 0, 0, {late}}}, machine);
  EXPECT_EQ(t.engines[1][0].end, 1150u);  // the turn ends at 1100
  EXPECT_EQ(t.engines[0][0].end, 10050u);
}

TEST(Timeline, BackgroundTakesItsShare) {
  MachineTiming machine = byte_a_cycle();
  const std::vector<EngineList> lists{{"a", 0, 0, {access(1000000)}}};
  const auto alone = simulate(lists, machine).cycles;
  machine.background.push_back({"camera", 250, 1000, true});  // a quarter of the bandwidth
  const Timeline t = simulate(lists, machine);
  EXPECT_EQ(alone, 1000000u);
  EXPECT_NEAR(static_cast<double>(t.cycles), 1333333, 3000);
  EXPECT_EQ(t.masters[1].name, "camera");
  EXPECT_NEAR(static_cast<double>(t.masters[1].written_bytes), 333333, 3000);
  // Without accesses of its own an engine does not notice.
  EXPECT_EQ(simulate({{"a", 0, 0, {work(5000)}}}, machine).cycles, 5000u);
}

TEST(Timeline, OddClocksKeepWholeCycles) {
  MachineTiming machine = byte_a_cycle();
  machine.mhz = 750;
  std::vector<TimedCommand> many(3000, work(7));
  const Timeline t = simulate({{"a", 1, 0, many}}, machine);
  EXPECT_EQ(t.cycles, 3000u * 8 - 1);
}

TEST(Timeline, SameListsSameTimesInAnyThread) {
  std::vector<EngineList> lists{{"a", 1, 2, {}}, {"b", 1, 4, {}}};
  for (std::uint32_t i = 0; i < 200; ++i) {
    lists[0].commands.push_back(access(64 + i * 13 % 500, i % 7));
    lists[1].commands.push_back(work(i * 37 % 300, {i}));
  }
  MachineTiming machine = byte_a_cycle();
  machine.background.push_back({"camera", 300, 700, false});
  const Timeline first = simulate(lists, machine);
  std::vector<std::uint64_t> totals(8);
  std::vector<std::thread> threads;
  for (auto& total : totals) {
    threads.emplace_back([&] {
      for (int i = 0; i < 5; ++i) total = simulate(lists, machine).cycles;
    });
  }
  for (auto& thread : threads) thread.join();
  for (const auto total : totals) EXPECT_EQ(total, first.cycles);
}

TEST(Timeline, RunningAheadChangesNothing) {
  std::vector<EngineList> lists{{"a", 1, 2, {}}, {"b", 1, 4, {}}, {"c", 0, 0, {}}};
  for (std::uint32_t i = 0; i < 300; ++i) {
    TimedCommand transfer = access(64 + i * 29 % 900, i % 11, i % 3 == 0);
    transfer.work_cycles = i * 7 % 400;
    transfer.after[1] = i < 5 ? 0 : i - 4;
    if (i % 4 == 0) transfer.access[1] = {i * 3, 2, 1, true};
    lists[0].commands.push_back(transfer);
    lists[1].commands.push_back(work(i * 37 % 500, {i + 1}));
    if (i % 50 == 0) lists[2].commands.push_back(work(1000, {i, i}));
  }
  MachineTiming machine = byte_a_cycle();
  machine.mhz = 650;
  machine.dram.run_ns = 3.3;
  const Timeline ahead = simulate(lists, machine);
  machine.run_ahead = false;
  const Timeline stepped = simulate(lists, machine);
  EXPECT_EQ(ahead.cycles, stepped.cycles);
  for (std::size_t e = 0; e < lists.size(); ++e) {
    ASSERT_EQ(ahead.engines[e].size(), lists[e].commands.size());
    for (std::size_t i = 0; i < lists[e].commands.size(); ++i) {
      EXPECT_EQ(ahead.engines[e][i].start, stepped.engines[e][i].start) << e << " " << i;
      EXPECT_EQ(ahead.engines[e][i].end, stepped.engines[e][i].end) << e << " " << i;
    }
    EXPECT_EQ(ahead.masters[e].read_bytes, stepped.masters[e].read_bytes);
    EXPECT_EQ(ahead.masters[e].accesses, stepped.masters[e].accesses);
  }
}

ErrorKind kind_of(const std::vector<EngineList>& lists, const MachineTiming& machine) {
  try {
    simulate(lists, machine);
  } catch (const Error& error) {
    return error.kind();
  }
  return ErrorKind::internal;
}

TEST(Timeline, RefusesDeadlocksAndImpossibleMachines) {
  const MachineTiming good = byte_a_cycle();
  EXPECT_EQ(kind_of({{"a", 0, 0, {work(1, {0, 1})}}, {"b", 0, 0, {work(1, {1})}}}, good), ErrorKind::fault);
  EXPECT_EQ(kind_of({{"a", 0, 0, {work(1, {0, 2})}}, {"b", 0, 0, {work(1)}}}, good), ErrorKind::fault);
  const std::vector<EngineList> lists{{"a", 0, 0, {work(1)}}};
  MachineTiming bad = good;
  bad.mhz = 0;
  EXPECT_EQ(kind_of(lists, bad), ErrorKind::usage);
  bad = good;
  bad.dram.mega_transfers = -5;
  EXPECT_EQ(kind_of(lists, bad), ErrorKind::usage);
  bad = good;
  bad.background.push_back({"camera", 2000, 100, false});  // more than there is
  EXPECT_EQ(kind_of(lists, bad), ErrorKind::usage);
  EXPECT_EQ(kind_of({{"a", 0, 0, {work(~std::uint64_t{0} / 2)}}}, good), ErrorKind::usage);
}

}  // namespace
}  // namespace vnpu
