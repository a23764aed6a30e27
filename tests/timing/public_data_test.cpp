// The time model against public data ($VNPU_GOLDEN or ../shared/golden, folder timing; skipped where it is absent, as
// it is not ours to copy): the per-command trace of a CV1835, and the time lines that another program computed for the
// command lists of two networks.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <map>
#include <nlohmann/json.hpp>
#include <set>
#include <sstream>

#include "base/archive.h"
#include "base/bytes.h"
#include "base/error.h"
#include "isa/cv18xx/chip.h"
#include "sim/core/timeline.h"
#include "sim/cv18xx/timing/cost.h"
#include "tests/timing/conv_shape.h"

namespace vnpu::cv18xx {
namespace {

namespace fs = std::filesystem;

fs::path folder() {
  const char* golden = std::getenv("VNPU_GOLDEN");
  return (golden ? fs::path(golden) : fs::path(VNPU_SOURCE_DIR) / "../shared/golden") / "timing";
}

std::string text_of(const fs::path& path) {
  const Bytes bytes = decompress(read_file(path));
  return {bytes.begin(), bytes.end()};
}

std::vector<std::vector<std::string>> rows_of(const fs::path& path) {
  std::istringstream lines(text_of(path));
  std::vector<std::vector<std::string>> rows;
  std::string line;
  std::getline(lines, line);
  while (std::getline(lines, line)) {
    std::istringstream row(line);
    rows.emplace_back();
    for (std::string cell; std::getline(row, cell, ',');) {
      const auto first = cell.find_first_not_of(' ');
      rows.back().push_back(first == std::string::npos ? "" : cell.substr(first));
    }
  }
  return rows;
}

// A row of the trace; addresses are decimal digits behind "0x".
struct Record {
  explicit Record(const std::vector<std::string>& cells_) : cells(cells_) {}
  std::uint64_t number(std::size_t i) const {
    const std::string& cell = cells.at(i);
    return std::stoull(cell.starts_with("0x") ? cell.substr(2) : cell);
  }
  std::uint32_t field(std::size_t i) const { return static_cast<std::uint32_t>(number(i)); }
  bool is_tiu() const { return number(0) == 4; }
  std::uint64_t bursts() const { return number(2); }
  std::uint64_t beats() const { return number(3); }
  std::uint64_t duration() const { return number(6); }
  const std::string& what() const { return cells.at(9); }
  bool compressed() const { return what().find("Compression") != std::string::npos; }
  bool matrix() const { return what().find("Matrix") != std::string::npos; }
  TdmaCommand tdma() const {
    TdmaCommand d;
    d.trans_dir = number(0) == 1 ? g2l : number(0) == 2 ? l2g : l2l;
    d.compress_en = compressed();
    d.sys_dtype = matrix();
    d.src_base_addr_low = field(10), d.dst_base_addr_low = field(11);
    d.dst_h_stride = field(16), d.dst_c_stride_low = field(17), d.dst_n_stride = field(18);
    d.src_h_stride = field(19), d.src_c_stride_low = field(20), d.src_n_stride = field(21);
    d.dst_c = field(22), d.src_c = field(23), d.dst_w = field(24), d.dst_h = field(25);
    d.src_w = field(26), d.src_h = field(27), d.src_n = field(28);
    return d;
  }

  const std::vector<std::string>& cells;
};

class PublicData : public testing::Test {
 protected:
  void SetUp() override {
    if (!fs::exists(folder())) GTEST_SKIP() << folder() << " is not there";
  }
};

TEST_F(PublicData, ConvolutionsOfTheTraceToTheCycle) {
  CostModel costs(timing_board("cv183x-evb").values);
  // Pieces of resnet50: the transfers beside the commands tell their heights.
  std::set<std::uint64_t> laws;
  const auto add = [&](std::uint32_t oc, std::uint32_t ic, std::uint32_t k, std::uint32_t h, std::uint32_t w,
                       std::uint32_t stride = 1) {
    laws.insert(costs.tiu(conv(oc, ic, k, h, w, stride)).timed.work_cycles);
  };
  for (const std::uint32_t h : {14, 16, 18, 19, 20}) {
    add(64, 64, 1, h, 56), add(256, 64, 1, h, 56), add(64, 64, 3, h, 56), add(64, 256, 1, h, 56);
  }
  for (const std::uint32_t h : {4, 8, 10}) {
    add(512, 256, 1, h, 28, 2), add(128, 256, 1, h, 28, 2);
    add(128, 128, 3, h, 28), add(512, 128, 1, h, 28), add(128, 512, 1, h, 28);
  }
  add(1024, 512, 1, 2, 14, 2), add(256, 512, 1, 2, 14, 2);
  for (const std::uint32_t h : {7, 14}) add(256, 256, 3, h, 14), add(1024, 256, 1, h, 14), add(256, 1024, 1, h, 14);
  add(32, 1024, 1, 7, 7), add(32, 512, 3, 7, 7), add(32, 512, 1, 7, 7), add(32, 2048, 1, 7, 7);
  std::size_t exact = 0, all = 0;
  for (const auto& cells : rows_of(folder() / "cv183x_resnet50_pmu_des.csv.xz")) {
    const Record record(cells);
    if (!record.is_tiu() || record.what().find("Convolution") == std::string::npos) continue;
    ++all;
    exact += laws.contains(record.duration());
  }
  EXPECT_EQ(all, 479u);
  EXPECT_EQ(exact, 476u);  // all but the first layer's three
}

TEST_F(PublicData, TransfersOfTheTrace) {
  const TimingValues values = timing_board("cv183x-evb").values;
  const CostModel costs(values);
  const double bytes_a_cycle = values.bus_bits / 8 * values.mega_transfers * values.efficiency / values.tpu_mhz;
  double law = 0, silicon = 0;
  std::size_t records = 0, plain = 0, same_beats = 0, same_bursts = 0;
  for (const auto& cells : rows_of(folder() / "cv183x_resnet50_pmu_des.csv.xz")) {
    const Record record(cells);
    if (record.is_tiu()) continue;
    std::optional<std::uint64_t> stored;
    if (record.compressed()) stored = record.beats() * 16;
    const CommandCost cost = costs.tdma(record.tdma(), stored);
    const auto& [reads, writes] = cost.timed.access;
    const double memory = static_cast<double>(reads.bytes + writes.bytes) / bytes_a_cycle +
                          (reads.runs + writes.runs) * values.run_ns * values.tpu_mhz / 1e3;
    law += static_cast<double>(cost.timed.start_cycles) + std::max(static_cast<double>(cost.timed.work_cycles), memory);
    silicon += static_cast<double>(record.duration());
    ++records;
    if (record.compressed() || record.matrix() || record.number(0) == 3) continue;
    ++plain;
    same_beats += (reads.bytes + writes.bytes) / 16 == record.beats();
    same_bursts += cost.bursts == record.bursts();
  }
  EXPECT_EQ(records, 2391u);
  EXPECT_NEAR(law / silicon, 1, 0.015);
  EXPECT_EQ(plain, 559u);
  EXPECT_GE(same_beats, 555u);
  RecordProperty("same_bursts", static_cast<int>(same_bursts));
  RecordProperty("law_over_silicon", std::to_string(law / silicon));
}

// The command lists as JSON: fields by their names in the tables; what is absent has its reset value.
template <class Command>
Command command_of(const nlohmann::json& fields);
#define VNPU_FIELD(name, word, bit, width, reset, effect, meaning) \
  if (fields.contains(#name)) command.name = fields[#name];
template <>
TiuCommand command_of<TiuCommand>(const nlohmann::json& fields) {
  TiuCommand command;
#include "isa/cv18xx/tiu_fields.def"
  return command;
}
template <>
TdmaCommand command_of<TdmaCommand>(const nlohmann::json& fields) {
  TdmaCommand command;
#include "isa/cv18xx/tdma_fields.def"
  return command;
}
#undef VNPU_FIELD

struct Lists {
  std::vector<TiuCommand> tiu;
  std::vector<TdmaCommand> tdma;
  // What that program computed: start and duration of every command, in cycles with two digits.
  std::vector<std::pair<double, double>> times[2];
};

Lists lists_of(const std::string& network) {
  Lists lists;
  const auto document = nlohmann::json::parse(text_of(folder() / ("commands_" + network + ".json.xz")));
  for (const auto& segment : document["segments"]) {
    for (const auto& each : segment["tiu"]) lists.tiu.push_back(command_of<TiuCommand>(each));
    for (const auto& each : segment["tdma"]) lists.tdma.push_back(command_of<TdmaCommand>(each));
  }
  for (const auto& row : rows_of(folder() / ("timeline_" + network + ".csv.xz"))) {
    const double start = std::stod(row.at(3)), end = std::stod(row.at(4));
    lists.times[row.at(1) == "TDMA"].push_back({start, end - start});
  }
  EXPECT_EQ(lists.times[0].size(), lists.tiu.size());
  EXPECT_EQ(lists.times[1].size(), lists.tdma.size());
  return lists;
}

const char* const networks[] = {"mobilenet_v2_cv181x", "retinaface_mnet25_cv181x"};

// Its durations, our engines: every command must start when it does there.
TEST_F(PublicData, EnginesStartCommandsWhenThatProgramDoes) {
  for (const char* network : networks) {
    SCOPED_TRACE(network);
    const Lists lists = lists_of(network);
    constexpr std::uint32_t ticks = 1000;  // of a cycle, which has fractions there
    std::vector<EngineList> engines{{"tiu", ticks, ticks, {}}, {"tdma", ticks, ticks, {}}};
    const auto add = [&](std::size_t engine, std::uint32_t waits_for) {
      TimedCommand command;
      auto& list = engines[engine].commands;
      command.work_cycles = static_cast<std::uint64_t>(std::llround(lists.times[engine][list.size()].second * ticks));
      command.after[1 - engine] = waits_for;
      list.push_back(command);
    };
    for (const auto& each : lists.tiu) add(0, each.cmd_id_gdma);
    for (const auto& each : lists.tdma) add(1, each.wait_id_tpu);
    const Timeline timeline = simulate(engines, {.mhz = 500, .dram = {}, .background = {}, .run_ahead = true});
    double worst = 0;
    for (const std::size_t engine : {0, 1}) {
      for (std::size_t i = 0; i < lists.times[engine].size(); ++i) {
        // Their first command starts at 1.
        const double ours = static_cast<double>(timeline.engines[engine][i].start) / ticks + 1;
        worst = std::max(worst, std::abs(ours - lists.times[engine][i].first));
      }
    }
    EXPECT_LT(worst, 1.0 + 0.01 * static_cast<double>(lists.times[0].size() + lists.times[1].size()));
    RecordProperty(std::string("worst_start_") + network, std::to_string(worst));
  }
}

// At its parameters our laws give its durations; but for depthwise commands, which have another law here.
TEST_F(PublicData, LawsGiveThatProgramsDurations) {
  const auto values = [](double join_gap) {
    TimingValues v = timing_board("cv181x-evb").values;
    v.fetch_extra = 0.175, v.fetch_conflict = 0, v.conv_floor = 16;
    v.unit_bytes = 64, v.run_ns = 0, v.join_gap = join_gap;
    v.mega_transfers = 3250 / 2.0, v.efficiency = 1;
    return v;
  };
  CostModel loads(values(16));
  const CostModel stores(values(0));  // joined by silicon, not by that program
  const double bytes_a_cycle = 3.25e9 / 500e6;
  for (const char* network : networks) {
    SCOPED_TRACE(network);
    const Lists lists = lists_of(network);
    std::size_t compared = 0;
    for (std::size_t i = 0; i < lists.tiu.size(); ++i) {
      const TiuCommand& c = lists.tiu[i];
      if (c.tsk_typ == tsk_pool && c.tsk_eu_typ == pool_depthwise) continue;
      // Kernels of one column fetch nothing extra there.
      EXPECT_NEAR(static_cast<double>(loads.tiu(c).timed.work_cycles), lists.times[0][i].second, 1) << "tiu " << i;
      ++compared;
    }
    for (std::size_t i = 0; i < lists.tdma.size(); ++i) {
      const TdmaCommand& d = lists.tdma[i];
      const CommandCost cost = (d.trans_dir == l2g ? stores : loads).tdma(d);
      const double memory =
          static_cast<double>(cost.timed.access[0].bytes + cost.timed.access[1].bytes) / bytes_a_cycle;
      const double ours =
          static_cast<double>(cost.timed.start_cycles) + std::max(static_cast<double>(cost.timed.work_cycles), memory);
      // A compressed transfer takes its stored bytes here, without rounding to units of 64.
      EXPECT_NEAR(ours, lists.times[1][i].second, d.compress_en ? 64 / bytes_a_cycle + 1 : 1) << "tdma " << i;
      ++compared;
    }
    EXPECT_GT(compared, 300u);
  }
}

}  // namespace
}  // namespace vnpu::cv18xx
