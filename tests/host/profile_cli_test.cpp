// vnpu profile and compare-profile as their users call them.
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <string>

#include "tests/host/run_vnpu.h"

namespace vnpu {
namespace {

using nlohmann::json;

const std::string model = VNPU_SOURCE_DIR "/tests/golden/digits/digits_cv181x_int8.cvimodel";

using ProfileCli = CommandTest;

TEST_F(ProfileCli, TableNamesTotalsEnginesAndLayers) {
  const Ran ran = vnpu("profile " + model);
  EXPECT_EQ(ran.status, 0);
  for (const char* word : {"inference", "forward", "roofline", "five costliest layers", "tiu", "tdma", "cv181x-evb"})
    EXPECT_NE(ran.text.find(word), std::string::npos) << word;
  EXPECT_EQ(ran.text.find("calibrated"), std::string::npos);
  EXPECT_NE(vnpu("profile " + model + " --board maixcam").text.find("calibrated, not validated"), std::string::npos);
  EXPECT_NE(vnpu("profile -q --parameters " + model).text.find("tiu.conv_start"), std::string::npos);
}

TEST_F(ProfileCli, JsonIsTheSameEachTime) {
  const Ran first = vnpu("profile --json " + model), second = vnpu("profile --json " + model);
  EXPECT_EQ(first.status, 0);
  EXPECT_EQ(first.text, second.text);
  const json j = json::parse(first.text);
  EXPECT_GT(j["inference_ms"].get<double>(), 0);
  EXPECT_EQ(j["engines"].size(), 3u);
  EXPECT_FALSE(j["layers"].empty());
  for (const auto& each : j["parameters"]) EXPECT_FALSE(each["from"].get<std::string>().empty());
}

TEST_F(ProfileCli, WritesTraceWaveformAndPage) {
  const Ran ran = vnpu("profile -q " + model + " --trace " + path("t.json") + " --vcd " + path("t.vcd") + " --html " +
                       path("t.html"));
  EXPECT_EQ(ran.status, 0) << ran.text;
  EXPECT_FALSE(json::parse(text_of("t.json"))["traceEvents"].empty());
  EXPECT_EQ(text_of("t.vcd").find("$comment vnpu profile"), 0u);
  const std::string page = text_of("t.html");
  EXPECT_EQ(page.find("<!doctype html>"), 0u);
  for (const char* outside : {"http://", "https://", "<script", "src=", "@import", "url("})
    EXPECT_EQ(page.find(outside), std::string::npos) << outside;
  for (const char* part : {"Timeline", "Roofline", "Layers", "prefers-color-scheme:dark", "</html>"})
    EXPECT_NE(page.find(part), std::string::npos) << part;
  EXPECT_EQ(vnpu("profile -q " + model + " --html " + path("no/such/folder.html")).status, 2);
}

TEST_F(ProfileCli, RefusesWhatIsImpossible) {
  const Ran zero = vnpu("profile " + model + " --set clock.tpu_mhz=0");
  EXPECT_EQ(zero.status, 2);
  EXPECT_NE(zero.text.find("clock.tpu_mhz"), std::string::npos);
  const Ran unknown = vnpu("profile " + model + " --set speed=3");
  EXPECT_EQ(unknown.status, 2);
  for (const char* key : {"clock.tpu_mhz", "dram.bus_bits", "background.mbps"})
    EXPECT_NE(unknown.text.find(key), std::string::npos) << key;
  EXPECT_EQ(vnpu("profile " + model + " --set dram.mega_transfers=-1").status, 2);
  EXPECT_EQ(vnpu("profile " + model + " --set background.mbps=100000").status, 2);
  const Ran board = vnpu("profile " + model + " --board toaster");
  EXPECT_EQ(board.status, 2);
  EXPECT_NE(board.text.find("milkv-duo"), std::string::npos);
  EXPECT_EQ(vnpu("profile " + model + " --board milkv-duo").status, 2);
  EXPECT_EQ(vnpu("profile " + model + " --program 7").status, 2);
}

TEST_F(ProfileCli, ComparesTwoProfilesWithABudget) {
  save("a.json", vnpu("profile --json " + model).text);
  save("b.json", vnpu("profile --json " + model + " --set dram.mega_transfers=600").text);
  const std::string both = path("a.json") + " " + path("b.json");
  EXPECT_EQ(vnpu("compare-profile " + both).status, 0);
  const Ran over = vnpu("compare-profile " + both + " --max-regression 3%");
  EXPECT_EQ(over.status, 1);
  EXPECT_NE(over.text.find("more than 3%"), std::string::npos);
  EXPECT_EQ(vnpu("compare-profile " + both + " --max-regression 10000%").status, 0);
  EXPECT_EQ(vnpu("compare-profile " + path("b.json") + " " + path("a.json") + " --max-regression 3%").status, 0);
  EXPECT_EQ(vnpu("compare-profile " + path("a.json") + " " + path("a.json") + " --max-regression 0%").status, 0);
  const json j = json::parse(vnpu("compare-profile --json " + both).text);
  EXPECT_GT(j["inference_change_percent"].get<double>(), 0);
  EXPECT_FALSE(j["layers"].empty());
  EXPECT_EQ(vnpu("compare-profile " + both + " --max-regression some").status, 2);
  save("c.json", "{\"inference_ms\": 3}");
  EXPECT_EQ(vnpu("compare-profile " + path("a.json") + " " + path("c.json")).status, 3);
  save("d.json", "not json");
  EXPECT_EQ(vnpu("compare-profile " + path("d.json") + " " + path("a.json")).status, 3);
}

}  // namespace
}  // namespace vnpu
