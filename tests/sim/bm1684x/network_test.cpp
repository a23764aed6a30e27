// A stage of a bmodel behind the neutral face: inputs, steps, memories, refusals.
#include "sim/bm1684x/network.h"

#include <gtest/gtest.h>

#include <functional>
#include <nlohmann/json.hpp>
#include <numeric>

#include "base/error.h"
#include "sim/bm1684x/model_file.h"
#include "tests/models/bmodel_sample.h"

namespace vnpu::bm1684x {
namespace {

using bmodel::sample_coeff;
using bmodel::sample_ctx;

std::shared_ptr<const bmodel::Model> sample(const std::function<void(bmodel::Model&)>& change = {}) {
  auto model = bmodel::sample_model();
  if (change) change(model);
  return std::make_shared<bmodel::Model>(bmodel::read(bmodel::write(model)));
}

Bytes ramp(std::uint8_t start) {
  Bytes bytes(bmodel::sample_elements);
  std::iota(bytes.begin(), bytes.end(), start);
  return bytes;
}

Bytes expected(std::uint8_t start) {
  Bytes out = ramp(start);
  for (std::size_t i = 0; i < out.size(); ++i) out[i] = static_cast<std::uint8_t>(out[i] + i + 1);
  return out;
}

std::string refusal(const std::function<void(bmodel::Model&)>& change, ErrorKind kind) {
  try {
    BmNetwork network(sample(change), {});
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), kind) << error.what();
    return error.what();
  }
  ADD_FAILURE() << "the network was made";
  return "";
}

TEST(Bm1684xNetwork, RunsAndRunsAgain) {
  BmNetwork network(sample(), {});
  for (const std::uint8_t start : {0, 100, 200}) {
    network.set_input("x", ramp(start));
    network.run();
    EXPECT_EQ(network.get("y").bytes, expected(start));
    EXPECT_FALSE(network.next());
  }
}

TEST(Bm1684xNetwork, StepsThroughTheCommandsInOrder) {
  BmNetwork network(sample(), {});
  network.set_input("x", ramp(3));
  std::string order;
  while (const auto step = network.step()) order += step->text + " ";
  EXPECT_EQ(order, "dma.tensor dma.tensor arith.add dma.tensor ");
  EXPECT_EQ(network.get("y").bytes, expected(3));
  const Tensor local = network.get_local(0x2000, DType::i8, {1, 4, 2, 8});
  EXPECT_EQ(local.bytes, expected(3));
  EXPECT_EQ(network.read_local(0x2000, 16), Bytes(local.bytes.begin(), local.bytes.begin() + 16));
}

TEST(Bm1684xNetwork, ShowsItsMemories) {
  BmNetwork network(sample(), {});
  network.set_input("x", ramp(9));
  network.run();
  EXPECT_EQ(network.view(MemoryKind::local, 0, whole_memory).size(), local_bytes);
  EXPECT_EQ(network.view(MemoryKind::global, sample_ctx, whole_memory).size(), 0x1000u);
  EXPECT_EQ(network.view(MemoryKind::global, sample_coeff, 3)[2], 3);
  EXPECT_THROW(network.view(MemoryKind::local, local_bytes, 1), Error);
  EXPECT_THROW(network.view(MemoryKind::global, sample_ctx, 0x1001), Error);
}

TEST(Bm1684xNetwork, EveryInferenceStartsFromTheSameLocalMemory) {
  NetworkOptions options;
  options.local_fill = 0x5A;
  BmNetwork network(sample(), options);
  for (int i = 0; i < 2; ++i) {
    network.set_input("x", ramp(1));
    EXPECT_EQ(network.view(MemoryKind::local, 0x2000, 1)[0], 0x5A);
    network.run();
    EXPECT_NE(network.view(MemoryKind::local, 0x2000, 1)[0], 0x5A);
  }
}

TEST(Bm1684xNetwork, ProgramsAreStagesOfNets) {
  const auto model = sample();
  EXPECT_EQ(programs(*model).size(), 3u);
  NetworkOptions options;
  options.program = 2;
  BmNetwork network(model, options);
  EXPECT_EQ(network.inputs().at(0).shape, (Shape{64}));
  network.set_input("x", ramp(7));
  network.run();
  EXPECT_EQ(network.get("y").bytes, expected(7));
  options.program = 3;
  EXPECT_THROW(BmNetwork(model, options), Error);
}

TEST(Bm1684xNetwork, TellsHowTensorsAreQuantised) {
  const BmNetwork network(sample(), {});
  const auto info = network.inputs().at(0);
  EXPECT_EQ(info.qscale, 0.5);
  EXPECT_EQ(info.byte_size, 64u);
  EXPECT_TRUE(info.is_input);
  EXPECT_FALSE(network.outputs().at(0).is_input);
  EXPECT_EQ(network.tensors().size(), 2u);
}

TEST(Bm1684xNetwork, WrongUseIsNamed) {
  BmNetwork network(sample(), {});
  EXPECT_THROW(network.set_input("y", ramp(0)), Error);
  EXPECT_THROW(network.set_input("x", Bytes(63)), Error);
  EXPECT_THROW(network.get("z"), Error);
  NetworkOptions options;
  options.engine = "gpu";
  EXPECT_THROW(BmNetwork(sample(), options), Error);
}

TEST(Bm1684xNetwork, WhatCannotRunIsRefusedByName) {
  const auto stage = [](bmodel::Model& model) -> bmodel::Stage& { return model.nets[0].stages[0]; };
  EXPECT_NE(refusal([&](auto& m) { stage(m).subnets[0].is_dynamic = true; }, ErrorKind::unsupported).find("dynamic"),
            std::string::npos);
  EXPECT_NE(refusal([&](auto& m) { stage(m).ctx_addr = 0x1000; }, ErrorKind::damaged).find("ctx_addr"),
            std::string::npos);
  EXPECT_NE(refusal([&](auto& m) { stage(m).ctx_size = std::uint64_t{1} << 40; }, ErrorKind::unsupported).find("GiB"),
            std::string::npos);
  EXPECT_NE(
      refusal([&](auto& m) { stage(m).outputs[0].device_addr += 0x1000; }, ErrorKind::damaged).find("device_addr"),
      std::string::npos);
  EXPECT_NE(refusal([&](auto& m) { stage(m).inputs[0].size = 3; }, ErrorKind::damaged).find("size"), std::string::npos);
  EXPECT_NE(refusal([&](auto& m) { stage(m).subnets[0].next_ids = {0}; }, ErrorKind::damaged).find("loop"),
            std::string::npos);
  EXPECT_NE(refusal([&](auto& m) { stage(m).subnets[0].next_ids = {5}; }, ErrorKind::damaged).find("does not exist"),
            std::string::npos);
  EXPECT_NE(refusal([&](auto& m) { stage(m).subnets[0].groups[0].gdma_count = 9; }, ErrorKind::damaged).find("command"),
            std::string::npos);
}

TEST(Bm1684xModelFile, DescribesItself) {
  const auto file = open(ByteView(bmodel::write(bmodel::sample_model())));
  const auto info = file->describe();
  EXPECT_EQ(file->programs(), 3u);
  EXPECT_EQ(info.at("format"), "bmodel");
  ASSERT_EQ(info.at("programs").size(), 3u);
  EXPECT_EQ(info.at("programs")[1].at("net"), "again");
  EXPECT_EQ(info.at("programs")[0].at("subnets")[0].at("groups")[0].at("tiu"), 2);
  EXPECT_TRUE(info.at("refusals").empty());
  std::vector<std::string> lines;
  file->disassemble({}, [&](const std::string& line) { lines.push_back(line); });
  ASSERT_GE(lines.size(), 7u);
  EXPECT_NE(lines[lines.size() - 6].find("dma.tensor"), std::string::npos) << lines[lines.size() - 6];
  EXPECT_NE(lines[lines.size() - 5].find("; table"), std::string::npos) << lines[lines.size() - 5];
  EXPECT_NE(lines.back().find("dma.sys"), std::string::npos);
}

TEST(Bm1684xMemory, AccessOutsideIsAFault) {
  Memory memory(0x1000);
  EXPECT_EQ(memory.range(ddr_base, 0x1000).size(), 0x1000u);
  EXPECT_THROW(memory.range(ddr_base, 0x1001), Error);
  EXPECT_THROW(memory.range(0, 1), Error);
  EXPECT_THROW(memory.range(l2_base + l2_bytes - 1, 2), Error);
  EXPECT_THROW(memory.lane_range(64, 0, 1), Error);
  EXPECT_THROW(memory.lane_range(3, lane_bytes - 1, 2), Error);
  EXPECT_EQ(memory.range(static_base, 4)[0], 1);  // exp(-103) in the table, rounded up to the smallest number
}

}  // namespace
}  // namespace vnpu::bm1684x
