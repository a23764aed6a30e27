// CPU parts of our own golden models: what is computed, and what is refused by name.
#include "sim/ax620/cpu_parts.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "base/archive.h"
#include "base/error.h"
#include "sim/ax620/model_file.h"

namespace vnpu::ax620 {
namespace {

// The unpacked archive of a case.
Bytes model(const std::string& kind) {
  const auto archive = read_file(std::filesystem::path(VNPU_SOURCE_DIR) / "tests/golden/ax620/cpu.tar.xz");
  Bytes out;
  for_each_entry(archive, ArchiveFormat::tar, {}, [&](const std::string& path, Bytes bytes) {
    if (out.empty() && path.find(kind) != std::string::npos && path.ends_with("model.joint")) out = std::move(bytes);
  });
  return decompress(ByteView(out));
}

Bytes little(std::uint64_t value, int bytes) {
  Bytes out;
  for (int i = 0; i < bytes; ++i) out.push_back(static_cast<std::uint8_t>(value >> (8 * i)));
  return out;
}

bool replace(Bytes& file, const Bytes& from, const Bytes& to) {
  const auto at = std::search(file.begin(), file.end(), from.begin(), from.end());
  if (at == file.end()) return false;
  std::copy(to.begin(), to.end(), at);
  return true;
}

constexpr std::uint64_t concat = 0x806e9167b0ba086b, dimshuffle = 0xafb80bbec293ea6c, nobody = 0x1234567890abcdef;

std::string refusal(const Bytes& file, ErrorKind kind) {
  try {
    open(ByteView(file))->instantiate({});
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), kind) << error.what();
    return error.what();
  }
  return {};
}

TEST(AxCpuParts, OtherOperatorsAreRefusedByNameAndTheFileStillDescribed) {
  Bytes file = model("chain");
  ASSERT_TRUE(replace(file, little(concat, 8), little(dimshuffle, 8)));  // of part_1, which is read first
  const auto message = refusal(file, ErrorKind::unsupported);
  EXPECT_NE(message.find("part_1.axe"), std::string::npos) << message;
  EXPECT_NE(message.find("Dimshuffle 'three'"), std::string::npos) << message;
  const auto info = open(ByteView(file))->describe();
  EXPECT_EQ(info.at("refusals").at(0).get<std::string>(), message);
  ASSERT_TRUE(replace(file, little(dimshuffle, 8), little(nobody, 8)));
  EXPECT_NE(refusal(file, ErrorKind::unsupported).find("operator 0x1234567890abcdef"), std::string::npos);
}

TEST(AxCpuParts, PartsThatAreNoGraphAreRefusedByTheirMagic) {
  Bytes file = model("concat");
  ASSERT_TRUE(replace(file, {'M', 'G', 'B', 'S'}, {'O', 'N', 'N', 'X'}));
  EXPECT_NE(refusal(file, ErrorKind::unsupported).find("ONNX"), std::string::npos);
}

TEST(AxCpuParts, WhatDoesNotFitTogetherIsDamage) {
  // An input takes another number of elements than the NPU gives.
  Bytes file = model("concat");
  const auto info = open(ByteView(file))->describe();
  const auto rows = info.at("cpu_steps").at(0).at("shape");
  const auto axe = joint::read(ByteView(file)).axes.at(0);
  const Shape first = axe.operators.at(0).shape;
  Bytes shape, wrong;
  for (std::size_t d = 0; d < 3; ++d) {
    const auto dim = static_cast<std::uint64_t>(first[d]);
    std::ranges::copy(little(dim, 4), std::back_inserter(shape));
    std::ranges::copy(little(dim + (d == 1), 4), std::back_inserter(wrong));
  }
  ASSERT_TRUE(replace(file, shape, wrong));
  const auto message = refusal(file, ErrorKind::damaged);
  EXPECT_NE(message.find("takes 'out0'"), std::string::npos) << message;
}

TEST(AxCpuParts, StepsComeAfterTheNpuAndRunAgain) {
  const Bytes file = model("chain");
  const auto network = open(ByteView(file))->instantiate({});
  const auto inputs = network->inputs();
  for (const auto& input : inputs) network->set_input(input.name, Bytes(input.byte_size, 3));
  std::vector<std::string> cpu;
  while (const auto report = network->step()) {
    if (report->text.starts_with("cpu ")) {
      cpu.push_back(report->text);
    } else {
      EXPECT_TRUE(cpu.empty()) << report->text;
    }
  }
  EXPECT_EQ(cpu, (std::vector<std::string>{"cpu Concat two", "cpu Concat three"}));
  const auto stepped = network->get("Three");
  EXPECT_EQ(network->get("three").bytes, stepped.bytes);  // the part's own name for it
  for (const auto& input : inputs) network->set_input(input.name, Bytes(input.byte_size, 5));
  network->run();
  EXPECT_NE(network->get("Three").bytes, stepped.bytes);
  network->run();
  EXPECT_NE(network->get("Three").bytes, stepped.bytes);
}

TEST(AxCpuParts, ReadsWhatAMegEngineGraphSays) {
  const auto axe = joint::read(ByteView(model("reshape"))).axes.at(0);
  EXPECT_TRUE(axe.is_graph);
  EXPECT_EQ(axe.version, 1799900u);
  std::vector<std::string> kinds;
  for (const auto& each : axe.operators) kinds.push_back(each.kind);
  EXPECT_EQ(kinds, (std::vector<std::string>{"Host2DeviceCopy", "ImmutableTensor", "Reshape", "ImmutableTensor",
                                             "Reshape", "Concat"}));
  EXPECT_EQ(axe.operators.at(3).dtype, DType::i32);
  EXPECT_EQ(axe.operators.at(3).value.size(), 12u);
  EXPECT_EQ(axe.operators.at(4).axis, 1);
  EXPECT_FALSE(axe.operators.at(2).axis);
  EXPECT_EQ(axe.outputs, (std::vector<std::uint32_t>{2, 5}));
}

TEST(AxCpuParts, EveryDamagedByteEndsWithAValueOrAnError) {
  const Bytes whole = model("reshape");
  const std::string name = "part_1.axe";
  const auto header = std::search(whole.begin(), whole.end(), name.begin(), name.end()) - whole.begin();
  std::size_t refused = 0;
  for (std::size_t at = static_cast<std::size_t>(header) + 512; at < static_cast<std::size_t>(header) + 512 + 840;
       ++at) {
    for (const int change : {1, 0x80}) {
      Bytes file = whole;
      file[at] = static_cast<std::uint8_t>(file[at] + change);
      try {
        const auto network = open(ByteView(file))->instantiate({});
        network->run();
        for (const auto& output : network->outputs()) network->get(output.name);
      } catch (const Error&) {
        ++refused;
      }
    }
  }
  EXPECT_GT(refused, 300u);
}

}  // namespace
}  // namespace vnpu::ax620
