// Cases of formats without tensor names, and sets of small checks: every kind of difference is found and located.
#include "sim/runtime/numbered_case.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "base/archive.h"
#include "base/error.h"
#include "base/npz.h"
#include "sim/runtime/case_set.h"
#include "sim/runtime/region_layer.h"

namespace vnpu {
namespace {

using Files = std::map<std::string, Bytes>;

Files load(const std::string& archive, const std::string& folder) {
  Files out;
  const auto bytes = read_file(std::string(VNPU_SOURCE_DIR) + "/tests/golden/k210/" + archive + ".tar.xz");
  for_each_entry(ByteView(bytes), ArchiveFormat::tar, {}, [&](const std::string& path, Bytes content) {
    if (path.starts_with(folder + "/")) out[path.substr(folder.size() + 1)] = std::move(content);
  });
  return out;
}

void edit_json(Bytes& bytes, const std::function<void(nlohmann::json&)>& edit) {
  auto json = nlohmann::json::parse(bytes);
  edit(json);
  const auto text = json.dump();
  bytes.assign(text.begin(), text.end());
}

CaseResult run(const Files& files) { return run_case(CaseFiles("family/case", files), {}); }

class Numbered : public testing::Test {
 protected:
  Files files = load("v5_first", "v5/v5_0024_twoout");
};

TEST_F(Numbered, Passes) {
  const auto result = run(files);
  EXPECT_EQ(result.verdict, Verdict::passed) << result.message;
  EXPECT_EQ(result.outputs, 4U);
  EXPECT_EQ(result.traces, 6U);
}

TEST_F(Numbered, WrongOutputIsLocated) {
  auto outputs = read_npz(ByteView(files.at("output.npz")));
  for (auto& [name, tensor] : outputs) {
    if (name == "y1_1") tensor.bytes[tensor.bytes.size() - 1] ^= 0x80;
  }
  files["output.npz"] = write_npz(outputs);
  const auto result = run(files);
  EXPECT_EQ(result.verdict, Verdict::failed);
  EXPECT_NE(result.message.find("run 1, output 1["), std::string::npos) << result.message;
}

TEST_F(Numbered, WrongStepIsNamed) {
  edit_json(files["case.json"], [](auto& json) { json["kpu_trace"][2][2] = 7; });
  EXPECT_NE(run(files).message.find("step 2 (k210 conv2d): CRC-32"), std::string::npos) << run(files).message;
  edit_json(files["case.json"], [](auto& json) { json["kpu_trace"].erase(5); });
  edit_json(files["case.json"], [](auto& json) { json["kpu_trace"][2][2] = 69711163; });
  EXPECT_NE(run(files).message.find("more steps than the trace"), std::string::npos) << run(files).message;
}

TEST_F(Numbered, MissingArraysAndHostileListsAreErrors) {
  const auto message = [&](const std::function<void(nlohmann::json&)>& edit) {
    auto changed = files;
    edit_json(changed["case.json"], edit);
    const auto result = run(changed);
    EXPECT_EQ(result.verdict, Verdict::failed);
    return result.message;
  };
  EXPECT_NE(message([](auto& json) { json["runs"] = 3; }).find("x2_0"), std::string::npos);
  EXPECT_NE(message([](auto& json) { json["runs"] = 0; }).find("0 runs"), std::string::npos);
  EXPECT_NE(message([](auto& json) { json["runs"] = 1000000; }).find("1000000 runs"), std::string::npos);
  EXPECT_NE(message([](auto& json) { json["kpu_trace"] = 5; }), "");
  EXPECT_NE(message([](auto& json) { json["yolo2"] = nlohmann::json::object(); }), "");
  auto changed = files;
  changed.erase("input.npz");
  edit_json(changed["case.json"], [](auto& json) { json["inputs"] = {"../../etc/passwd x", "a.npz x"}; });
  EXPECT_NE(run(changed).message.find("cannot have"), std::string::npos) << run(changed).message;
}

TEST(CaseFilesBeside, OnlyFilesBesideTheCase) {
  const CaseFiles files("a/b", std::filesystem::path(VNPU_SOURCE_DIR) / "tests/golden/k210");
  EXPECT_THROW(files.read_beside("../README.md"), Error);
  EXPECT_THROW(files.read_beside("/etc/passwd"), Error);
  EXPECT_THROW(files.read_beside("x/../../README.md"), Error);
  EXPECT_FALSE(files.read_beside("k210/README.md").empty());
}

TEST(CaseSets, BrokenFilesMustBeRefused) {
  auto files = load("errors", "k210_errors");
  auto good = load("v4", "v4/v4_0003_binary");
  files["bad_magic.kmodel"] = good.at("model.kmodel");
  const auto set = open_set(CaseFiles("errors", files));
  EXPECT_EQ(set->size(), 17U);
  std::size_t passed = 0;
  for (std::size_t i = 0; i < set->size(); ++i) {
    const auto result = set->run(i, {});
    passed += result.verdict == Verdict::passed;
    if (result.name == "errors/bad_magic") {
      EXPECT_EQ(result.message, "the broken file was run without an error");
    }
  }
  EXPECT_EQ(passed, 16U);
}

TEST(CaseSets, ObjectsAreComparedOneByOne) {
  auto files = load("yolo2", "k210_yolo2");
  edit_json(files["cases.json"], [](auto& json) { json["cases"][0]["objects"][3]["w"] = 38; });
  edit_json(files["cases.json"], [](auto& json) { json["cases"][1]["objects"].erase(28); });
  const auto set = open_set(CaseFiles("yolo2", files));
  ASSERT_EQ(set->size(), 14U);
  EXPECT_NE(set->run(0, {}).message.find("object 3 is x 0, y 0, w 96"), std::string::npos) << set->run(0, {}).message;
  EXPECT_EQ(set->run(1, {}).message, "29 objects, expected 28");
  EXPECT_EQ(set->run(3, {}).verdict, Verdict::passed);
}

TEST(RegionLayer, SizesMustFit) {
  RegionLayer layer{64, 64, 2, 2, 30, {1, 1}, 0.5f, 0.3f};
  const std::vector<float> output(24, 10.0f);
  EXPECT_NO_THROW(region_objects(output, layer));
  EXPECT_THROW(region_objects(std::span(output).first(23), layer), Error);
  layer.channels = 29;
  EXPECT_THROW(region_objects(output, layer), Error);
  layer.channels = 30;
  layer.anchors = {1};
  EXPECT_THROW(region_objects(output, layer), Error);
  layer.anchors = {1, 1};
  layer.width = 0xffffffff;
  layer.height = 0xffffffff;
  EXPECT_THROW(region_objects(output, layer), Error);
}

// One cell, one anchor, one class: the box is the cell's centre with the anchor's size.
TEST(RegionLayer, OneBox) {
  const RegionLayer layer{32, 32, 1, 1, 30, {0.5f, 0.25f}, 0.5f, 0.3f};
  const std::vector<float> output{0, 0, 0, 0, 20, 0};
  const auto objects = region_objects(output, layer);
  ASSERT_EQ(objects.size(), 1U);
  EXPECT_EQ(objects[0].x, 8U);
  EXPECT_EQ(objects[0].y, 12U);
  EXPECT_EQ(objects[0].w, 16U);
  EXPECT_EQ(objects[0].h, 8U);
  EXPECT_FLOAT_EQ(objects[0].value, 1.0f);
}

}  // namespace
}  // namespace vnpu
