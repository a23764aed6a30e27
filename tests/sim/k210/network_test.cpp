// The network of a small version 4 model: quantize, look up, dequantize.
#include "sim/k210/network.h"

#include <gtest/gtest.h>

#include "base/error.h"
#include "sim/k210/main_memory.h"

namespace vnpu::k210 {
namespace {

using kmodel::v4::DataType;
using kmodel::v4::Memory;
using kmodel::v4::MemoryRange;
using kmodel::v4::Opcode;

// Input of 4 floats at 0; bytes at 16 and over the input at 0; output of 4 floats at 32. The table has `entries` bytes.
std::shared_ptr<kmodel::Model> small_model(std::uint32_t entries = 256) {
  kmodel::v4::Model v4;
  v4.main_memory = 64;
  const MemoryRange input{Memory::main, DataType::float32, 0, 16}, bytes{Memory::main, DataType::uint8, 16, 4};
  const MemoryRange looked_up{Memory::main, DataType::uint8, 0, 4}, output{Memory::main, DataType::float32, 32, 16};
  v4.inputs.push_back({input, {1, 1, 1, 4}});
  v4.outputs.push_back(output);
  const auto add = [&](Opcode opcode, auto body) {
    kmodel::v4::Node node;
    node.opcode = opcode;
    node.body = body;
    v4.nodes.push_back(node);
  };
  kmodel::v4::Quantization q;
  q.in = input, q.out = bytes, q.zero_point = 1, q.scale = 2;
  add(Opcode::quantize, q);
  add(Opcode::table_lookup1d,
      kmodel::v4::TableLookup1d{bytes, {Memory::constant, DataType::uint8, 0, entries}, looked_up});
  q.in = looked_up, q.out = output, q.zero_point = 0, q.scale = 4;
  add(Opcode::dequantize, q);
  auto model = std::make_shared<kmodel::Model>();
  for (std::uint32_t i = 0; i < entries; ++i) model->file.push_back(static_cast<std::uint8_t>(255 - i));
  v4.constants = {0, entries};
  model->body = v4;
  return model;
}

std::vector<float> output_of(const Network& network) { return numbers<float>(network.get("output0").bytes); }

const std::vector<float> in{0, 1, 2, 3};
const std::vector<float> out{254 / 4.0f, 252 / 4.0f, 250 / 4.0f, 248 / 4.0f};

TEST(K210Network, RunsTwiceWithTheSameInputThoughStepsOverwriteIt) {
  K210Network network(small_model(), {});
  network.set_input("input0", bytes_of(in));
  network.run();
  EXPECT_EQ(output_of(network), out);
  network.run();
  EXPECT_EQ(output_of(network), out);
  EXPECT_EQ(numbers<float>(network.get("input0").bytes), in);
}

TEST(K210Network, StepsTellWhatTheyDidAndRunGoesOnFromThere) {
  K210Network network(small_model(), {});
  network.set_input("input0", bytes_of(in));
  EXPECT_EQ(network.next()->text, "cpu.quantize");
  EXPECT_EQ(network.step()->text, "cpu.quantize");
  EXPECT_EQ(*network.last_result(), (Bytes{1, 3, 5, 7}));
  network.run();
  EXPECT_EQ(output_of(network), out);
  while (network.step()) {
  }
  EXPECT_EQ(output_of(network), out);
}

TEST(K210Network, StartsAnewWhenAnInputIsSetAtTheEnd) {
  K210Network network(small_model(), {});
  network.set_input("input0", bytes_of(in));
  while (network.next()) network.step();
  network.set_input("input0", bytes_of(std::vector<float>(4, 3)));
  network.run();
  EXPECT_EQ(output_of(network), std::vector<float>(4, 248 / 4.0f));
}

TEST(K210Network, ShowsTheResultOfEveryStep) {
  K210Network network(small_model(), {});
  network.set_input("input0", bytes_of(in));
  std::vector<std::string> names;
  for (const auto& info : network.tensors()) names.push_back(info.name + " " + std::string(name(info.dtype)));
  EXPECT_EQ(names, (std::vector<std::string>{"input0 f32", "output0 f32", "0.cpu.quantize u8",
                                             "1.cpu.table_lookup1d u8", "2.cpu.dequantize f32"}));
  EXPECT_EQ(network.get("1.cpu.table_lookup1d").bytes, (Bytes{254, 252, 250, 248}));
}

TEST(K210Network, NamesTheStepThatFailsAndCanRunAgain) {
  K210Network network(small_model(8), {});
  network.set_input("input0", bytes_of(std::vector<float>(4, 100)));
  try {
    network.run();
    FAIL() << "a value behind the table was looked up";
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::fault);
    EXPECT_NE(std::string(error.what()).find("node 1 (table_lookup1d)"), std::string::npos) << error.what();
  }
  network.set_input("input0", bytes_of(in));
  network.run();
  EXPECT_EQ(output_of(network), out);
}

TEST(K210Network, RefusesWrongNamesSizesProgramsAndEngines) {
  K210Network network(small_model(), {});
  EXPECT_THROW(network.set_input("input1", bytes_of(in)), Error);
  EXPECT_THROW(network.set_input("input0", Bytes(15)), Error);
  EXPECT_THROW(network.get("nothing"), Error);
  NetworkOptions options;
  options.program = 1;
  EXPECT_THROW(K210Network(small_model(), options), Error);
  options = {};
  options.engine = "fastest";
  EXPECT_THROW(K210Network(small_model(), options), Error);
  options = {};
  options.quirks = "all";
  EXPECT_THROW(K210Network(small_model(), options), Error);
}

}  // namespace
}  // namespace vnpu::k210
