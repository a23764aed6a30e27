// The BM1684X's boards: their parameters, and what each does to a profile.
#include <gtest/gtest.h>

#include <cmath>

#include "base/archive.h"
#include "base/bytes.h"
#include "base/error.h"
#include "models/bmodel/model.h"
#include "sim/bm1684x/timing/cost.h"
#include "sim/bm1684x/timing/profile.h"

namespace vnpu::bm1684x {
namespace {

constexpr const char* ideal = "bm1684x-ideal";
constexpr const char* soc = "bm1684x-soc";
constexpr const char* pcie = "bm1684x-pcie";

// The model of a golden case: its bytes, and what is read of them.
struct Case {
  Case(const std::string& family, const std::string& name) {
    const auto archive = read_file(std::filesystem::path(VNPU_GOLDEN) / "bm1684x" / (family + ".tar.xz"));
    const std::string wanted = family + "/" + name + "/model.bmodel";
    for_each_entry(archive, ArchiveFormat::tar, {}, [&](const std::string& path, Bytes bytes) {
      if (path.ends_with(wanted)) file = std::move(bytes);
    });
    if (file.empty()) throw Error(ErrorKind::usage, "no golden case " + wanted);
    model = bmodel::read(file);
  }
  Profile on(const char* board, std::vector<std::string> settings = {}) const {
    return profile_model(model, {board, std::move(settings), 0});
  }
  Bytes file;
  bmodel::Model model;
};

std::uint64_t busy(const Profile& profile, std::string_view bound) {
  std::uint64_t cycles = 0;
  for (const auto& each : profile.commands) {
    if (profile.texts[each.bound] == bound) cycles += each.end - each.start;
  }
  return cycles;
}

ErrorKind refused(const std::string& setting) {
  const std::string settings[] = {setting};
  try {
    timing_board(soc, settings);
  } catch (const Error& error) {
    EXPECT_NE(std::string(error.what()).find(setting.substr(0, setting.find('='))), std::string::npos) << error.what();
    return error.kind();
  }
  ADD_FAILURE() << setting << " was taken";
  return ErrorKind::fault;
}

TEST(Bm1684xBoards, EveryParameterHasAValueAndASource) {
  for (const char* name : {ideal, soc, pcie}) {
    const TimingBoard board = timing_board(name);
    EXPECT_EQ(board.chip, "bm1684x");
    for (const auto& each : board.sources) {
      EXPECT_FALSE(each.from.empty()) << name << " " << each.key;
      // What is fitted is fitted to silicon, of which the converter's machine knows nothing.
      if (name == ideal) EXPECT_NE(each.from, "fitted") << each.key;
    }
  }
  const TimingValues law = timing_board(ideal).values, silicon = timing_board(soc).values;
  for (const double factor : {law.cube_factor, law.conv_f32_factor, law.product_factor, law.other_factor}) {
    EXPECT_EQ(factor, 1);
  }
  for (const double factor : {silicon.cube_factor, silicon.conv_f32_factor, silicon.product_factor}) {
    EXPECT_GE(factor, 1);  // no silicon is faster than the law's peak
  }
  EXPECT_LT(silicon.efficiency, 1);
}

TEST(Bm1684xBoards, ImpossibleValuesAreRefused) {
  for (const char* setting :
       {"dram.efficiency=0", "dram.efficiency=1.01", "dram.efficiency=nan", "dram.efficiency=", "tiu.cube_factor=-1",
        "tiu.conv_f32_factor=0", "tiu.product_factor=1e9", "tiu.other_factor=two", "runtime.call_us=-1",
        "runtime.output_mbps=-3", "gdma.pages=0", "clock.tpu_mhz=0", "tiu.net_factor=2"}) {
    EXPECT_EQ(refused(setting), ErrorKind::usage) << setting;
  }
  EXPECT_THROW(timing_board("bm1684x"), Error);
  EXPECT_THROW(timing_board_from_text("chip = \"bm1684x\"\n[tiu]\ncube_factor = {value = 0}\n", "mine"), Error);
}

TEST(Bm1684xBoards, PartsOfTheTiu) {
  TiuCommand c;
  c.tsk_typ = tsk_conv;
  for (const auto& [prec, part] : {std::pair{i8, TiuPart::cube}, {f16, TiuPart::cube}, {f32, TiuPart::conv_f32}}) {
    c.opd0_prec = prec;
    EXPECT_EQ(part_of(c), part);
  }
  c.tsk_typ = tsk_mm;
  c.tsk_eu_typ = 1;
  EXPECT_EQ(part_of(c), TiuPart::product);
  c.tsk_eu_typ = 4;
  c.opd0_prec = f16;
  EXPECT_EQ(part_of(c), TiuPart::cube);
  c.tsk_typ = tsk_ar;
  EXPECT_EQ(part_of(c), TiuPart::other);
}

// The ideal board has no factors: a factor of 2 doubles what its part of the TIU is busy with, and nothing else.
TEST(Bm1684xBoards, EachFactorMovesItsPartAlone) {
  const Case half("block", "fpn_f16");
  const Profile law = half.on(ideal);
  const std::uint64_t multiplies = busy(law, "multiply"), others = busy(law, "element-wise");
  ASSERT_GT(multiplies, 0u);
  ASSERT_GT(others, 0u);
  const Profile cube = half.on(ideal, {"tiu.cube_factor=2"});
  EXPECT_EQ(busy(cube, "multiply"), 2 * multiplies);
  EXPECT_EQ(busy(cube, "element-wise"), others);
  const Profile other = half.on(ideal, {"tiu.other_factor=2"});
  EXPECT_EQ(busy(other, "multiply"), multiplies);
  EXPECT_EQ(busy(other, "element-wise"), 2 * others);
  // Nothing of 32 bits is multiplied here.
  EXPECT_EQ(half.on(ideal, {"tiu.conv_f32_factor=2"}).cycles, law.cycles);

  const Case wide("conv", "conv1d_f16");  // small: the call dominates
  EXPECT_EQ(wide.on(ideal).runtime_ms, 0);
}

TEST(Bm1684xBoards, SiliconIsSlowerThanTheLaw) {
  for (const auto& [family, name] : {std::pair{"block", "big_int8a"}, {"block", "fpn_f16"}, {"conv", "conv1d_int8"}}) {
    const Case one(family, name);
    EXPECT_GT(one.on(soc).ms(one.on(soc).cycles) + one.on(soc).runtime_ms, one.on(ideal).ms(one.on(ideal).cycles))
        << name;
    // A slower memory and a slower clock are never faster.
    EXPECT_GE(one.on(soc, {"dram.efficiency=0.1"}).cycles, one.on(soc).cycles) << name;
    const Profile slow = one.on(soc, {"clock.tpu_mhz=500"});
    EXPECT_GT(slow.ms(slow.cycles), one.on(soc).ms(one.on(soc).cycles)) << name;
  }
}

TEST(Bm1684xBoards, TheHostsCostsStandAroundTheRun) {
  const Case one("block", "big_int8a");
  const Profile on_soc = one.on(soc), on_card = one.on(pcie);
  EXPECT_EQ(on_soc.cycles, on_card.cycles);  // the same engines
  EXPECT_GT(on_card.runtime_ms, on_soc.runtime_ms);
  const TimingValues values = timing_board(pcie).values;
  EXPECT_DOUBLE_EQ(on_card.copy_in_ms, static_cast<double>(on_card.input_bytes) / values.input_mbps / 1e3);
  EXPECT_DOUBLE_EQ(on_card.copy_out_ms, static_cast<double>(on_card.output_bytes) / values.output_mbps / 1e3);
  EXPECT_DOUBLE_EQ(on_card.runtime_ms, values.call_us / 1e3 + on_card.copy_in_ms + on_card.copy_out_ms);
  const Profile none = one.on(pcie, {"runtime.input_mbps=0", "runtime.output_mbps=0", "runtime.call_us=0"});
  EXPECT_EQ(none.runtime_ms, 0);
}

}  // namespace
}  // namespace vnpu::bm1684x
