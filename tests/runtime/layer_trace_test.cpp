#include "sim/runtime/layer_trace.h"

#include <gtest/gtest.h>

#include "tests/runtime/scripted_network.h"

namespace vnpu {
namespace {

Bytes text(const std::string& content) { return Bytes(content.begin(), content.end()); }

const std::string header =
    "Cmdbuf1: layer_id, tensor_name, inGroup, ignore, gaddr, g_shape, lg_idx_slice, laddr, qtype, qscale. \n";

std::string field_of(const std::string& row) {
  try {
    parse_layer_table(ByteView(text(header + row)));
  } catch (const Error& error) {
    EXPECT_NE(std::string(error.what()).find("line 2"), std::string::npos) << error.what();
    return error.field();
  }
  return "no error";
}

TEST(LayerTable, ReadsTheConvertersRows) {
  const auto rows =
      parse_layer_table(ByteView(text(header + "0 load_0 true false x 1,3,160,160 0,1,12,22 8192 int8 0.021613\n"
                                               "1 load_w true true x x x x x x\n"
                                               "Cmdbuf2: layer_id, tensor_name\r\n"
                                               "14 conv_16 false false 9216 1,2,24,24 x x bf16 1.000000\r\n")));
  ASSERT_EQ(rows.size(), 3U);
  EXPECT_EQ(rows[0].name, "load_0");
  EXPECT_TRUE(rows[0].in_group);
  EXPECT_EQ(rows[0].shape, (Shape{1, 3, 160, 160}));
  EXPECT_EQ(rows[0].local_address, 8192U);
  EXPECT_EQ(rows[0].h_start, 12);
  EXPECT_EQ(rows[0].h_count, 22);
  EXPECT_EQ(rows[0].dtype, DType::i8);
  EXPECT_DOUBLE_EQ(rows[0].scale, 0.021613);
  EXPECT_TRUE(rows[1].ignored);
  EXPECT_EQ(rows[2].id, 14U);
  EXPECT_FALSE(rows[2].local_address);
  EXPECT_EQ(rows[2].n_count, 1);
  EXPECT_EQ(rows[2].h_count, 24);
}

TEST(LayerTable, NamesLineAndField) {
  EXPECT_EQ(field_of("0 a true false x 1,3,4 x 0 int8 1"), "g_shape");
  EXPECT_EQ(field_of("0 a true false x 1,3,4,5,6 x 0 int8 1"), "g_shape");
  EXPECT_EQ(field_of("0 a true false x 1,3,60000,60000 x 0 int8 1"), "g_shape");
  EXPECT_EQ(field_of("x a true false x 1,3,4,4 x 0 int8 1"), "layer_id");
  EXPECT_EQ(field_of("0 a maybe false x 1,3,4,4 x 0 int8 1"), "inGroup");
  EXPECT_EQ(field_of("0 a true false x 1,3,4,4 0,1,2,3 0 int8 1"), "lg_idx_slice");
  EXPECT_EQ(field_of("0 a true false x 1,3,4,4 x -1 int8 1"), "laddr");
  EXPECT_EQ(field_of("0 a true false x 1,3,4,4 x 0 int3 1"), "qtype");
  EXPECT_EQ(field_of("0 a true false x 1,3,4,4 x 0 int8 inf"), "qscale");
  EXPECT_EQ(field_of("0 a true"), "line");
}

TEST(Dequantise, RoundsOnceInFloat32) {
  // -39 * 0.023346 is -0.910494 in double; the product of the two float32 numbers is another float32.
  const auto out = dequantise({DType::i8, {1}, {static_cast<std::uint8_t>(-39)}}, 0.023346);
  float value;
  std::memcpy(&value, out.bytes.data(), sizeof value);
  EXPECT_EQ(value, -39.0F * 0.023346F);
  EXPECT_EQ(dequantise({DType::bf16, {1}, {0x80, 0x3f}}, 0.5).bytes, (Bytes{0, 0, 0x80, 0x3f}));
}

Tensor bytes_tensor(Shape shape, Bytes bytes) { return {DType::i8, std::move(shape), std::move(bytes)}; }

TEST(TraceLayers, ReadsALayerBeforeTheNextOverwritesIt) {
  ScriptedNetwork network;
  const auto put = [](std::uint64_t address, Tensor tensor) {
    return [=](ScriptedNetwork& n) { n.local[address] = tensor; };
  };
  network.script = {
      {0, put(0, bytes_tensor({1, 1, 1, 2}, {1, 2}))},
      {0, put(0, bytes_tensor({1, 1, 1, 2}, {3, 4}))},  // the layer's last command counts
      {1, put(0, bytes_tensor({1, 1, 1, 2}, {5, 6}))},
      {std::nullopt, [](ScriptedNetwork& n) { n.memory["g"] = bytes_tensor({1}, {9}); }},
  };
  const auto table = parse_layer_table(ByteView(text(header + "0 a true false x 1,1,1,2 x 0 int8 2.0\n"
                                                              "1 b true false x 1,1,1,2 x 0 int8 1.0\n")));
  for (int round = 0; round < 2; ++round) {  // the network starts anew
    std::vector<LayerResult> seen;
    trace_layers(network, table, [&](LayerResult&& layer) { seen.push_back(std::move(layer)); });
    ASSERT_EQ(seen.size(), 2U);
    EXPECT_EQ(seen[0].name, "a");
    EXPECT_EQ(seen[0].tensor.bytes, (Bytes{3, 4}));
    EXPECT_EQ(seen[0].scale, 2.0);
    EXPECT_EQ(seen[1].tensor.bytes, (Bytes{5, 6}));
  }
}

TEST(TraceLayers, PutsSlicesTogether) {
  // 2 channels, 3 rows of 1: rows 0..1 first, then 1..2; where they overlap the later one stays.
  ScriptedNetwork network;
  network.script = {
      {0,
       [](ScriptedNetwork& n) {
         n.local[0] = bytes_tensor({1, 2, 2, 1}, {1, 2, 11, 12});
       }},
      {1, [](ScriptedNetwork& n) { n.memory["whole"] = bytes_tensor({1}, {7}); }},
      {2,
       [](ScriptedNetwork& n) {
         n.local[0] = bytes_tensor({1, 2, 2, 1}, {22, 3, 32, 13});
       }},
  };
  const auto table = parse_layer_table(ByteView(text(header + "0 a true false x 1,2,3,1 0,1,0,2 0 int8 1\n"
                                                              "1 whole false false 0 1,1,1,1 x x int8 1\n"
                                                              "2 a true false x 1,2,3,1 0,1,1,2 0 int8 1\n")));
  std::vector<LayerResult> seen;
  trace_layers(network, table, [&](LayerResult&& layer) { seen.push_back(std::move(layer)); });
  ASSERT_EQ(seen.size(), 2U);
  EXPECT_EQ(seen[0].name, "whole");
  EXPECT_EQ(seen[1].name, "a");
  EXPECT_EQ(seen[1].layer_id, 2U);
  EXPECT_EQ(seen[1].tensor.bytes, (Bytes{1, 22, 3, 11, 32, 13}));
}

}  // namespace
}  // namespace vnpu
