// Single cases: what passes, and that every kind of difference is found and located.
#include "sim/runtime/golden_case.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "base/archive.h"
#include "base/digest.h"
#include "base/error.h"
#include "base/npz.h"

namespace vnpu {
namespace {

const std::filesystem::path golden = std::filesystem::path(VNPU_SOURCE_DIR) / "tests/golden/cv18xx";

using Files = std::map<std::string, Bytes>;

Files load(const std::string& archive, const std::string& folder) {
  Files out;
  const auto bytes = read_file(golden / (archive + ".tar.xz"));
  for_each_entry(ByteView(bytes), ArchiveFormat::tar, {}, [&](const std::string& path, Bytes content) {
    const auto at = path.find(folder + "/");
    if (at != std::string::npos) out[path.substr(at + folder.size() + 1)] = std::move(content);
  });
  return out;
}

CaseResult run(const Files& files, const std::string& name = "family/case") {
  return run_case(CaseFiles(name, files), {});
}

void edit_json(Bytes& bytes, const std::function<void(nlohmann::json&)>& edit) {
  auto json = nlohmann::json::parse(bytes);
  edit(json);
  const auto text = json.dump();
  bytes.assign(text.begin(), text.end());
}

TEST(FirstDifference, IsLocatedByIndexWithBothValues) {
  const Tensor expected{DType::i8, {2, 3}, {1, 2, 3, 4, 5, 6}};
  Tensor got = expected;
  EXPECT_FALSE(first_difference(expected, got));
  got.bytes[4] = 0xff;
  got.bytes[5] = 7;
  EXPECT_EQ(first_difference(expected, got), "[1,1]: expected 5, got -1; 2 of 6 elements differ");
  // NaN is compared by its bits; files call bf16 uint16.
  EXPECT_EQ(first_difference({DType::u16, {1}, {0xc0, 0x7f}}, {DType::bf16, {1}, {0xc1, 0x7f}}),
            "[0]: expected nan (0x7fc0), got nan (0x7fc1); 1 of 1 elements differ");
  EXPECT_FALSE(first_difference({DType::u16, {1}, {0xc0, 0x7f}}, {DType::bf16, {1}, {0xc0, 0x7f}}));
  EXPECT_NE(first_difference(expected, {DType::i8, {1}, {1}}), std::nullopt);
}

class LayersCase : public testing::Test {
 protected:
  Files files = load("layers", "net_unet-4-cv181x-int8");
};

TEST_F(LayersCase, Passes) {
  const auto result = run(files);
  EXPECT_EQ(result.verdict, Verdict::passed) << result.message;
  EXPECT_EQ(result.outputs, 1U);
  EXPECT_GT(result.traces, 3U);
  EXPECT_EQ(result.layers, 10U);
}

TEST_F(LayersCase, WrongOutputIsLocated) {
  auto outputs = read_npz(ByteView(files.at("output.npz")));
  outputs[0].second.bytes[4 * (24 * 24 + 24 + 2) + 3] ^= 0x80;
  files["output.npz"] = write_npz(outputs);
  const auto result = run(files);
  EXPECT_EQ(result.verdict, Verdict::failed);
  EXPECT_NE(result.message.find(outputs[0].first + "[0,1,1,2]: expected -"), std::string::npos) << result.message;
}

TEST_F(LayersCase, WrongTraceAndLayerAreNamed) {
  auto changed = files;
  edit_json(changed["traces.json"], [](auto& json) { json[0][2]["crc32"] = "00000000"; });
  EXPECT_NE(run(changed).message.find("CRC-32 of its memory after the run"), std::string::npos);
  changed = files;
  edit_json(changed["layers.json"], [](auto& json) {
    for (auto& layer : json) {
      if (layer["name"] == "maxpool_5_MaxPool" || layer["name"] == "relu_9_Relu") layer["crc32"] = "00000000";
    }
  });
  const auto result = run(changed);
  EXPECT_EQ(result.verdict, Verdict::failed);
  EXPECT_NE(result.message.find("layer 4 maxpool_5_MaxPool"), std::string::npos) << result.message;
}

TEST_F(LayersCase, WhatIsMissingIsSaid) {
  for (const auto* file : {"model.cvimodel", "input.npz", "output.npz"}) {
    auto fewer = files;
    fewer.erase(file);
    const auto result = run(fewer);
    EXPECT_EQ(result.verdict, Verdict::failed) << file;
    EXPECT_NE(result.message.find("no "), std::string::npos) << result.message;
  }
  auto fewer = files;
  fewer["input.npz"] = write_npz({});
  EXPECT_NE(run(fewer).message.find("no array 'in0'"), std::string::npos);
  auto bad = files;
  bad["case.json"] = {'{'};
  EXPECT_NE(run(bad).message.find("case.json"), std::string::npos);
}

TEST(BrokenFiles, GoodMustRunAndTheHashCounts) {
  auto files = load("errors", "good");
  EXPECT_EQ(run(files, "errors/good").verdict, Verdict::passed);
  edit_json(files["expect.json"], [](auto& json) {
    for (auto& line : json["runtime_output"]) {
      if (line.template get<std::string>().starts_with("RAN")) line = "RAN 00";
    }
  });
  EXPECT_NE(run(files, "errors/good").message.find("SHA-256"), std::string::npos);
  files["model.cvimodel"].resize(1000);
  EXPECT_EQ(run(files, "errors/good").verdict, Verdict::failed);
  EXPECT_EQ(run(files, "errors/other").verdict, Verdict::passed);
}

TEST(BrokenFiles, ARunWithoutAnErrorFails) {
  auto files = load("errors", "truncated_weight");
  EXPECT_EQ(run(files, "errors/truncated_weight").verdict, Verdict::passed);
  files["model.cvimodel"] = load("errors", "good").at("model.cvimodel");
  EXPECT_NE(run(files, "errors/truncated_weight").message.find("without an error"), std::string::npos);
}

}  // namespace
}  // namespace vnpu
