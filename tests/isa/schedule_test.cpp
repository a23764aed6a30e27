// The scheduling law against a plain statement of it, and its deadlocks.
#include "isa/cv18xx/schedule.h"

#include <gtest/gtest.h>

#include <map>
#include <random>

#include "base/error.h"

namespace vnpu::cv18xx {
namespace {

std::vector<Schedule::Step> run(const std::vector<SyncIds>& tiu, const std::vector<SyncIds>& tdma) {
  Schedule schedule(tiu, tdma);
  std::vector<Schedule::Step> steps;
  while (const auto step = schedule.next()) steps.push_back(*step);
  return steps;
}

ErrorKind refusal(const std::vector<SyncIds>& tiu, const std::vector<SyncIds>& tdma, std::string* text = nullptr) {
  try {
    run(tiu, tdma);
  } catch (const Error& error) {
    if (text) *text = error.what();
    return error.kind();
  }
  ADD_FAILURE() << "not refused";
  return ErrorKind::internal;
}

TEST(Schedule, LoadComputeStore) {
  const std::vector<SyncIds> tiu{{1, true, 2}, {2, false, 0}};
  const std::vector<SyncIds> tdma{{1, true, 0}, {2, true, 0}, {3, true, 2}};
  const std::vector<Schedule::Step> expected{
      {Engine::tdma, 0}, {Engine::tdma, 1}, {Engine::tiu, 0}, {Engine::tiu, 1}, {Engine::tdma, 2}};
  EXPECT_EQ(run(tiu, tdma), expected);
}

TEST(Schedule, AlternatesWhenBothAreReady) {
  const std::vector<SyncIds> free{{1, true, 0}, {2, true, 0}};
  const std::vector<Schedule::Step> expected{{Engine::tiu, 0}, {Engine::tdma, 0}, {Engine::tiu, 1}, {Engine::tdma, 1}};
  EXPECT_EQ(run(free, free), expected);
}

TEST(Schedule, NothingToDo) { EXPECT_TRUE(run({}, {}).empty()); }

TEST(Schedule, DeadlockNamesBothWaits) {
  std::string text;
  EXPECT_EQ(refusal({{1, true, 1}}, {{1, true, 1}}, &text), ErrorKind::fault);
  EXPECT_NE(text.find("TIU command 0 (id 1) waits for TDMA id 1"), std::string::npos) << text;
  EXPECT_NE(text.find("TDMA command 0 (id 1) waits for TIU id 1"), std::string::npos) << text;
  EXPECT_EQ(refusal({{1, true, 5}}, {{1, true, 0}}), ErrorKind::fault);
}

TEST(Schedule, TiuIdZeroIsRefused) { EXPECT_EQ(refusal({{0, false, 0}}, {}), ErrorKind::fault); }

TEST(Schedule, AnIdRestartWaitsForTheOtherEngine) {
  // The TIU restarts first; its second command must not run on the first round's TDMA id 7.
  const std::vector<SyncIds> tiu{{9, false, 0}, {1, true, 1}};
  const std::vector<SyncIds> tdma{{7, true, 9}, {1, true, 0}};
  const std::vector<Schedule::Step> expected{{Engine::tiu, 0}, {Engine::tdma, 0}, {Engine::tdma, 1}, {Engine::tiu, 1}};
  const auto steps = run(tiu, tdma);
  ASSERT_EQ(steps.size(), 4u);
  EXPECT_EQ(steps[3], expected[3]);
  EXPECT_EQ(steps[2], expected[2]);
  // And an engine that never restarts leaves the other one stuck.
  std::string text;
  EXPECT_EQ(refusal(tiu, {{7, true, 9}}, &text), ErrorKind::fault);
  EXPECT_NE(text.find("restart"), std::string::npos) << text;
}

TEST(Schedule, ACommandThatIsNotReadyCannotFinish) {
  Schedule schedule(std::vector<SyncIds>{{1, true, 1}}, std::vector<SyncIds>{{1, true, 0}});
  EXPECT_FALSE(schedule.ready(Engine::tiu));
  EXPECT_THROW(schedule.finish(Engine::tiu), Error);
  schedule.finish(Engine::tdma);
  EXPECT_TRUE(schedule.ready(Engine::tiu));
  EXPECT_FALSE(schedule.ready(Engine::tdma));
}

// Random lists made from a random order of execution, with rounds of ids: whatever the waits, they are legal because
// they only name commands that come earlier in that order and round.
struct Lists {
  std::vector<SyncIds> tiu, tdma;
  std::vector<unsigned> tiu_round, tdma_round;
  std::vector<std::size_t> tiu_needs, tdma_needs;  // commands of the other list that must be finished before
};

Lists random_lists(std::mt19937& random) {
  Lists out;
  const unsigned rounds = 1 + random() % 3;
  for (unsigned round = 0; round < rounds; ++round) {
    std::uint16_t ids[2] = {0, 0};
    std::size_t start[2] = {out.tiu.size(), out.tdma.size()};
    const int commands = 2 + static_cast<int>(random() % 20);
    // Ids must fall at a restart, so each engine has at least two ids in every round.
    for (int i = 0; i < commands + 4; ++i) {
      const bool tiu = i < 4 ? i % 2 == 0 : random() % 2;
      auto& list = tiu ? out.tiu : out.tdma;
      const std::uint16_t id = ++ids[tiu ? 0 : 1];
      const std::uint16_t other = ids[tiu ? 1 : 0];
      const bool waits = !tiu || random() % 3 != 0;
      const std::uint16_t wait = static_cast<std::uint16_t>(other ? random() % (other + 1) : 0);
      list.push_back({id, waits, wait});
      (tiu ? out.tiu_round : out.tdma_round).push_back(round);
      const std::size_t needs = waits && wait ? start[tiu ? 1 : 0] + wait : 0;
      (tiu ? out.tiu_needs : out.tdma_needs).push_back(needs);
    }
  }
  return out;
}

TEST(Schedule, RandomLegalListsRunInFullAndKeepEveryWait) {
  std::mt19937 random(3);
  for (int i = 0; i < 3000; ++i) {
    const Lists lists = random_lists(random);
    const auto steps = run(lists.tiu, lists.tdma);
    ASSERT_EQ(steps.size(), lists.tiu.size() + lists.tdma.size());
    std::size_t done[2] = {0, 0};
    unsigned round_end[2] = {0, 0};
    for (const auto& step : steps) {
      const int own = step.engine == Engine::tiu ? 0 : 1;
      ASSERT_EQ(step.position, done[own]) << "each list runs in order";
      const auto& needs = own == 0 ? lists.tiu_needs : lists.tdma_needs;
      const auto& rounds = own == 0 ? lists.tiu_round : lists.tdma_round;
      ASSERT_GE(done[1 - own], needs[step.position]) << "a wait was not kept";
      const unsigned round = rounds[step.position];
      ASSERT_GE(round, round_end[own]);
      round_end[own] = round;
      // A round of ids starts only when the other engine has finished the round before it.
      const auto& other = own == 0 ? lists.tdma_round : lists.tiu_round;
      for (std::size_t k = done[1 - own]; k < other.size(); ++k) ASSERT_GE(other[k], round) << "ran ahead of a restart";
      ++done[own];
    }
  }
}

// Brute force: is there any order at all that keeps the waits (no restarts: ids rise)?
bool any_order(const std::vector<SyncIds>& tiu, const std::vector<SyncIds>& tdma, std::size_t a, std::size_t b,
               std::map<std::pair<std::size_t, std::size_t>, bool>& known) {
  if (a == tiu.size() && b == tdma.size()) return true;
  if (const auto it = known.find({a, b}); it != known.end()) return it->second;
  const std::uint16_t done_tiu = a ? tiu[a - 1].id : 0, done_tdma = b ? tdma[b - 1].id : 0;
  bool found = false;
  if (a < tiu.size() && (!tiu[a].waits || done_tdma >= tiu[a].wait)) found = any_order(tiu, tdma, a + 1, b, known);
  if (!found && b < tdma.size() && (!tdma[b].waits || done_tiu >= tdma[b].wait)) {
    found = any_order(tiu, tdma, a, b + 1, known);
  }
  return known[{a, b}] = found;
}

TEST(Schedule, DeadlocksExactlyWhenNoOrderExists) {
  std::mt19937 random(11);
  int stuck = 0, fine = 0;
  for (int i = 0; i < 4000; ++i) {
    std::vector<SyncIds> lists[2];
    for (auto& list : lists) {
      std::uint16_t id = 0;
      for (std::size_t k = random() % 7; k > 0; --k) {
        id = static_cast<std::uint16_t>(id + 1 + random() % 2);
        // Waits near the diagonal, some too high.
        list.push_back({id, random() % 4 != 0, static_cast<std::uint16_t>(random() % (id + 2))});
      }
    }
    std::map<std::pair<std::size_t, std::size_t>, bool> known;
    const bool possible = any_order(lists[0], lists[1], 0, 0, known);
    bool ran = true;
    try {
      run(lists[0], lists[1]);
    } catch (const Error& error) {
      EXPECT_EQ(error.kind(), ErrorKind::fault);
      ran = false;
    }
    ASSERT_EQ(ran, possible);
    ++(possible ? fine : stuck);
  }
  EXPECT_GT(stuck, 500);
  EXPECT_GT(fine, 500);
}

TEST(Schedule, InOrderGivesTheCommandsAndLocatesADeadlock) {
  CommandGroup group;
  TiuCommand tiu;
  tiu.cmd_id_tpu = 1;
  tiu.cmd_id_en = 1;
  tiu.cmd_id_gdma = 1;
  TdmaCommand tdma;
  tdma.cmd_id = 1;
  group.tiu.push_back({Engine::tiu, tiu, 0x80, 1});
  group.tdma.push_back({Engine::tdma, tdma, 0x40, 0});
  const auto order = in_order(group);
  ASSERT_EQ(order.size(), 2u);
  EXPECT_EQ(order[0].engine, Engine::tdma);
  EXPECT_EQ(order[1].file_offset, 0x80u);
  std::get<TdmaCommand>(group.tdma[0].command).wait_id_tpu = 1;
  try {
    in_order(group);
    ADD_FAILURE();
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::fault);
    EXPECT_EQ(error.offset(), 0x80u);
  }
}

}  // namespace
}  // namespace vnpu::cv18xx
