// Each row of sim/k210/quirks.def: what the simulator does, and what the board does.
#include "sim/k210/quirks.h"

#include <gtest/gtest.h>

#include <cmath>
#include <set>

#include "base/error.h"
#include "sim/k210/network.h"
#include "sim/k210/v3_layers.h"
#include "sim/k210/v4_nodes.h"

namespace vnpu::k210 {
namespace {

const Quirks simulator = parse_quirks("simulator"), board = parse_quirks("board");

std::vector<float> floats_of(std::span<const std::uint8_t> bytes) { return numbers<float>(bytes); }

// Runs one version 3 layer on main memory that begins with `in`.
template <class Body>
Bytes run_v3(kmodel::v3::LayerType type, const Body& body, std::span<const std::uint8_t> in, const Quirks& quirks,
             const Bytes& file = {}) {
  kmodel::Model model;
  model.file = file;
  kmodel::v3::Layer layer;
  layer.type = type;
  layer.body = body;
  MainMemory memory(256);
  std::ranges::copy(in, memory.range(0, in.size()).begin());
  const auto out = run_cpu_layer(model, layer, memory, quirks);
  return Bytes(out->begin(), out->end());
}

template <class Body>
Bytes run_v4(kmodel::v4::Opcode opcode, const Body& body, std::span<const std::uint8_t> in, const Quirks& quirks) {
  kmodel::v4::Model v4;
  v4.main_memory = 256;
  kmodel::Model model;
  model.body = v4;
  kmodel::v4::Node node;
  node.opcode = opcode;
  node.body = body;
  V4Memory memory(model);
  memory.put({kmodel::v4::Memory::main, kmodel::v4::DataType::uint8, 0, 128}, in);
  const auto out = run_cpu_node(model, node, memory, quirks);
  return Bytes(out->begin(), out->end());
}

kmodel::v4::Quantization quantization(std::uint32_t in_bytes, std::uint32_t out_bytes, bool to_bytes, std::int32_t zero,
                                      float scale) {
  using enum kmodel::v4::DataType;
  kmodel::v4::Quantization q;
  q.in = {kmodel::v4::Memory::main, to_bytes ? float32 : uint8, 0, in_bytes};
  q.out = {kmodel::v4::Memory::main, to_bytes ? uint8 : float32, 128, out_bytes};
  q.zero_point = zero;
  q.scale = scale;
  return q;
}

TEST(K210Quirks, ProductsRounded) {
  kmodel::v3::Quantize layer;
  layer.out = 64;
  layer.count = 1;
  layer.scale = 0.1f;
  layer.bias = -20.0f;
  const Bytes in{200};
  const float product = 200 * 0.1f;
  const float twice = product + -20.0f, once = std::fma(200.0f, 0.1f, -20.0f);
  ASSERT_NE(twice, once);
  EXPECT_EQ(floats_of(run_v3(kmodel::v3::LayerType::dequantize, layer, in, simulator))[0], twice);
  EXPECT_EQ(floats_of(run_v3(kmodel::v3::LayerType::dequantize, layer, in, board))[0], once);
}

TEST(K210Quirks, QuantizeHalfAway) {
  const std::vector<float> in{0.5f, 1.5f, 2.5f};
  const auto node = quantization(12, 3, true, 0, 1.0f);
  EXPECT_EQ(run_v4(kmodel::v4::Opcode::quantize, node, bytes_of(in), simulator), (Bytes{1, 2, 3}));
  EXPECT_EQ(run_v4(kmodel::v4::Opcode::quantize, node, bytes_of(in), board), (Bytes{0, 2, 3}));
}

TEST(K210Quirks, DequantizeDifference) {
  const float scale = 3.0f, factor = 1.0f / scale;
  const auto node = quantization(1, 4, false, 7, scale);
  const Bytes in{9};
  const float difference = 2 * factor, fused = std::fma(9.0f, factor, -7.0f * factor);
  ASSERT_NE(difference, fused);
  EXPECT_EQ(floats_of(run_v4(kmodel::v4::Opcode::dequantize, node, in, simulator))[0], difference);
  EXPECT_EQ(floats_of(run_v4(kmodel::v4::Opcode::dequantize, node, in, board))[0], fused);
}

TEST(K210Quirks, HugeFloatIsLeastInteger) {
  const std::vector<float> in{1e10f, -1e10f};
  kmodel::v3::Quantize layer;
  layer.out = 64;
  layer.count = 2;
  layer.scale = 1.0f;
  EXPECT_EQ(run_v3(kmodel::v3::LayerType::quantize, layer, bytes_of(in), simulator), (Bytes{0, 0}));
  EXPECT_EQ(run_v3(kmodel::v3::LayerType::quantize, layer, bytes_of(in), board), (Bytes{255, 0}));
}

TEST(K210Quirks, ConnectedWithoutActivation) {
  const std::vector<float> file{-2.0f, 0.5f}, in{3.0f};  // weight, bias
  kmodel::v3::FullyConnected layer;
  layer.out = 64;
  layer.in_channels = layer.out_channels = 1;
  layer.act = 1;
  layer.weights = {0, 1};
  layer.bias = {4, 1};
  const auto bytes = bytes_of(file);
  const Bytes model(bytes.begin(), bytes.end());
  const auto type = kmodel::v3::LayerType::fully_connected;
  EXPECT_EQ(floats_of(run_v3(type, layer, bytes_of(in), simulator, model))[0], -5.5f);
  EXPECT_EQ(floats_of(run_v3(type, layer, bytes_of(in), board, model))[0], 0.0f);
  EXPECT_EQ(floats_of(run_v3(type, layer, bytes_of(in), Quirks{}, model))[0], 0.0f);
}

TEST(K210Quirks, FlatKpuInput) {
  kmodel::v4::Model v4;
  v4.main_memory = 16;
  v4.inputs.push_back({{kmodel::v4::Memory::kpu, kmodel::v4::DataType::uint8, 64, 40}, {1, 1, 2, 20}});
  // A step, so that there is an inference: copies four bytes of main memory.
  kmodel::v4::Node node;
  node.opcode = kmodel::v4::Opcode::memory_copy;
  using enum kmodel::v4::DataType;
  node.body = kmodel::v4::MemoryCopy{{kmodel::v4::Memory::main, uint8, 0, 4}, {kmodel::v4::Memory::main, uint8, 4, 4}};
  v4.nodes.push_back(node);
  auto model = std::make_shared<kmodel::Model>();
  model->body = v4;
  Bytes in(40);
  for (std::size_t i = 0; i < in.size(); ++i) in[i] = static_cast<std::uint8_t>(i + 1);
  for (const char* mode : {"simulator", "board"}) {
    NetworkOptions options;
    options.quirks = mode;
    K210Network network(model, options);
    network.set_input("input0", in);
    network.run();
    const bool flat = std::string_view(mode) == "simulator";
    EXPECT_EQ(network.read_local(64 + 20, 1)[0], flat ? 21 : 0);  // behind the first row
    EXPECT_EQ(network.read_local(64 + 64, 1)[0], flat ? 0 : 21);  // the second row's own line
  }
}

TEST(K210Quirks, AreSelectedByName) {
  EXPECT_TRUE(parse_quirks("vendor").products_rounded);
  EXPECT_FALSE(parse_quirks("vendor").flat_kpu_input);
  EXPECT_TRUE(parse_quirks("simulator").flat_kpu_input);
  const Quirks some = parse_quirks("flat_kpu_input,quantize_half_away");
  EXPECT_TRUE(some.flat_kpu_input && some.quantize_half_away);
  EXPECT_FALSE(some.products_rounded);
  EXPECT_THROW(parse_quirks("vendors"), Error);
}

// A row without a test of its own in this file would not be known here.
TEST(K210Quirks, AllRowsAreTestedAbove) {
  const std::set<std::string_view> tested{"products_rounded",
                                          "quantize_half_away",
                                          "dequantize_difference",
                                          "huge_float_is_least_integer",
                                          "connected_without_activation",
                                          "flat_kpu_input"};
  std::set<std::string_view> rows;
  for (const auto& row : quirk_table()) rows.insert(row.name);
  EXPECT_EQ(rows, tested);
}

}  // namespace
}  // namespace vnpu::k210
