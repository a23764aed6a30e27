// What is said of a kmodel's steps.
#include "sim/k210/describe.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "base/error.h"
#include "sim/k210/model_file.h"
#include "tests/models/kmodel_files.h"

namespace vnpu::k210 {
namespace {

using kmodel::golden_models;

kmodel::v4::Node conv(std::int32_t filter, std::int32_t stride, std::int32_t dilation, std::int32_t groups,
                      kmodel::v4::Shape shape = {1, 8, 40, 40}) {
  kmodel::v4::Conv2d body;
  body.in_shape = shape;
  body.groups = groups;
  body.out_channels = 8;
  const auto pad = (filter - 1) / 2;
  body.window = {{pad, pad}, {pad, pad}, filter, filter, stride, stride, dilation, dilation};
  return {kmodel::v4::Opcode::conv2d, 0, 0, body};
}

TEST(Describe, TheLimitThatAConvolutionBreaksIsNamed) {
  EXPECT_NE(cpu_reason(conv(5, 1, 1, 1)).find("1x1 and 3x3, not 5x5"), std::string::npos);
  EXPECT_NE(cpu_reason(conv(3, 3, 1, 1)).find("strides of 1 and 2, not 3x3"), std::string::npos);
  EXPECT_NE(cpu_reason(conv(3, 1, 2, 1)).find("no dilation"), std::string::npos);
  EXPECT_NE(cpu_reason(conv(3, 1, 1, 2)).find("no groups (2)"), std::string::npos);
  EXPECT_NE(cpu_reason(conv(3, 1, 1, 1, {1, 1032, 8, 8})).find("1024 channels"), std::string::npos);
  EXPECT_NE(cpu_reason(conv(3, 1, 1, 1, {1, 8, 241, 320})).find("at most 320x240, not 320x241"), std::string::npos);
  EXPECT_NE(cpu_reason(conv(3, 1, 1, 1, {1, 8, 3, 8})).find("at least 4x4, not 8x3"), std::string::npos);
  auto valid = conv(3, 1, 1, 1);
  std::get<kmodel::v4::Conv2d>(valid.body).window.pad_h = {0, 0};
  EXPECT_NE(cpu_reason(valid).find("pads"), std::string::npos);
  EXPECT_NE(cpu_reason(conv(3, 1, 1, 1)).find("no floating point"), std::string::npos);
  EXPECT_NE(cpu_reason(conv(3, 2, 1, 8)).find("no floating point"), std::string::npos);
}

TEST(Describe, EveryStepOfEveryGoldenModelRunsSomewhereForAReason) {
  for (const char* archive : {"v3", "v4", "v5"}) {
    for (const auto& [name, file] : golden_models(archive)) {
      SCOPED_TRACE(name);
      const auto info = open(file)->describe();
      EXPECT_TRUE(info.at("refusals").empty());
      const auto& program = info.at("programs").at(0);
      EXPECT_FALSE(program.at("inputs").empty());
      EXPECT_FALSE(program.at("outputs").empty());
      ASSERT_FALSE(program.at("steps").empty());
      std::uint64_t kpu = 0;
      for (const auto& step : program.at("steps")) {
        EXPECT_FALSE(step.at("because").get<std::string>().empty());
        kpu += step.at("runs_on") == "KPU";
      }
      EXPECT_EQ(info.at("kpu_steps"), kpu);
      EXPECT_EQ(info.at("memory").at("ai_ram_bytes").get<std::uint64_t>() > 0, kpu > 0);
    }
  }
}

TEST(Describe, ConstraintsAreNotes) {
  auto model = kmodel::read(golden_models("v3").at("v3/v3_0000_conv"));
  auto& conv = std::get<kmodel::v3::Conv>(std::get<kmodel::v3::Model>(model.body).layers[0].body);
  conv.descriptor[4] |= 2;  // kernel type 2 or 3
  const auto info = describe(model);
  EXPECT_FALSE(info.at("refusals").empty());
  const auto& notes = info.at("programs").at(0).at("steps").at(0).at("notes");
  ASSERT_FALSE(notes.empty());
  EXPECT_NE(notes[0].get<std::string>().find("refused: kernel_type"), std::string::npos);
}

TEST(Describe, AFlashImageIsToldAndNotRun) {
  const auto image = kmodel::swap_words(golden_models("v4").begin()->second);
  const auto file = open(image);
  EXPECT_TRUE(file->describe().at("word_swapped").get<bool>());
  EXPECT_EQ(file->describe().at("refusals").size(), 1U);
  EXPECT_THROW(file->instantiate({}), Error);
}

TEST(Describe, APackageWithOneKmodelIsThatModel) {
  const auto model = golden_models("v3").begin()->second;
  const std::string text(model.begin(), model.end());
  const auto list = [](const char* files) { return std::string(R"({"version":"0.1.0","files":[)") + files + "]}"; };
  const char* one = R"({"address":3145728,"bin":"a.kmodel"},{"address":0,"bin":"firmware.bin","sha256Prefix":true})";
  const auto package = kmodel::zip({{"flash-list.json", list(one)}, {"a.kmodel", text}, {"firmware.bin", "x"}});
  ASSERT_TRUE(recognises(package));
  EXPECT_EQ(open(package)->describe(), open(model)->describe());

  // The form for load_flash is what a package is for.
  const auto image = kmodel::swap_words(model);
  const std::string swapped(image.begin(), image.end());
  const auto flash = kmodel::zip({{"flash-list.json", list(one)}, {"a.kmodel", swapped}, {"firmware.bin", "x"}});
  EXPECT_NO_THROW(open(flash)->instantiate({}));

  const char* two = R"({"address":0,"bin":"a.kmodel"},{"address":9,"bin":"b.kmodel"})";
  const auto both = kmodel::zip({{"flash-list.json", list(two)}, {"a.kmodel", text}, {"b.kmodel", text}});
  EXPECT_THROW(open(both), Error);
  EXPECT_THROW(open(kmodel::zip({{"flash-list.json", list("")}})), Error);
  EXPECT_FALSE(recognises(kmodel::zip({{"a.txt", "flash"}})));
}

}  // namespace
}  // namespace vnpu::k210
