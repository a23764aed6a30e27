#include "sim/runtime/compare.h"

#include <gtest/gtest.h>

#include <cmath>
#include <nlohmann/json.hpp>

#include "tests/runtime/scripted_network.h"

namespace vnpu {
namespace {

Tensor floats(Shape shape, const std::vector<float>& values) {
  Tensor out{DType::f32, std::move(shape), Bytes(values.size() * 4)};
  std::memcpy(out.bytes.data(), values.data(), out.bytes.size());
  return out;
}

TEST(Compare, EqualBytes) {
  const auto result = compare("x", floats({2}, {1, NAN}), floats({2}, {1, NAN}), {});
  EXPECT_EQ(result.match, Match::equal);
  EXPECT_EQ(result.cosine, 1);
}

TEST(Compare, SimilaritiesAndFirstDifference) {
  const auto result = compare("x", floats({2, 2}, {3, 4, 0, 0}), floats({2, 2}, {3, 4, 5, 0}), {});
  EXPECT_EQ(result.match, Match::different);
  EXPECT_EQ(result.differing, 1U);
  EXPECT_EQ(result.first, 2U);
  EXPECT_EQ(result.index, (std::vector<std::int64_t>{1, 0}));
  EXPECT_EQ(result.left, 0);
  EXPECT_EQ(result.right, 5);
  EXPECT_NEAR(result.cosine, 25 / (5 * std::sqrt(50.0)), 1e-12);
  EXPECT_NEAR(result.euclidean, 1 - 5 / std::sqrt(9 + 16 + 6.25), 1e-7);
  EXPECT_EQ(result.max_difference, 5);
}

TEST(Compare, TolerancesMustAllHold) {
  const auto a = floats({2}, {1, 1}), b = floats({2}, {1, 1.01F});
  EXPECT_EQ(compare("x", a, b, {.cosine = 0.99}).match, Match::close);
  EXPECT_EQ(compare("x", a, b, {.cosine = 0.99, .max_difference = 0.001}).match, Match::different);
  EXPECT_EQ(compare("x", a, b, {.euclidean = 0.9, .max_difference = 0.02}).match, Match::close);
  EXPECT_EQ(compare("x", a, b, {}).match, Match::different);
}

TEST(Compare, NanNeverHidesADifference) {
  const auto result = compare("x", floats({1}, {NAN}), floats({1}, {1}), {.max_difference = 1000});
  EXPECT_EQ(result.match, Match::different);
  EXPECT_TRUE(std::isinf(result.max_difference));
  // Two NaN of other bits differ when the types are the same.
  EXPECT_EQ(compare("x", floats({1}, {NAN}), floats({1}, {-NAN}), {}).match, Match::different);
}

TEST(Compare, ShapesAndTypes) {
  EXPECT_EQ(compare("x", floats({2, 1}, {1, 2}), floats({2}, {1, 2}), {}).match, Match::equal);
  EXPECT_EQ(compare("x", floats({2}, {1, 2}), floats({1}, {1}), {.cosine = 0}).match, Match::different);
  // bf16 bits as NumPy files hold them
  EXPECT_EQ(compare("x", {DType::bf16, {1}, {0x80, 0x3f}}, {DType::u16, {1}, {0x80, 0x3f}}, {}).match, Match::equal);
  EXPECT_EQ(compare("x", {DType::i8, {1}, {0xff}}, floats({1}, {-1}), {}).match, Match::equal);
}

TEST(Compare, NamedTensors) {
  const NamedTensors left{{"a", floats({1}, {1})}, {"b", floats({1}, {2})}, {"q", {DType::i8, {1}, {4}}}};
  const NamedTensors right{{"q", floats({1}, {2})}, {"c", floats({1}, {3})}, {"a", floats({1}, {1})}};
  const auto results = compare(left, right, {}, {{"q", 0.5}});
  ASSERT_EQ(results.size(), 4U);
  EXPECT_EQ(results[0].match, Match::equal);
  EXPECT_EQ(results[1].match, Match::only_left);
  EXPECT_EQ(results[2].match, Match::equal);
  EXPECT_EQ(results[3].match, Match::only_right);
  EXPECT_EQ(results[3].name, "c");
  const auto cases = junit(results, "npz");
  EXPECT_EQ(cases[0].state, JunitCase::State::passed);
  EXPECT_EQ(cases[1].state, JunitCase::State::failed);
}

TEST(Compare, Reports) {
  const auto result = compare("x", floats({1, 2}, {0, 1}), floats({1, 2}, {0, INFINITY}), {});
  const auto json = to_json(result);
  EXPECT_EQ(json["match"], "different");
  EXPECT_EQ(json["first"]["index"], (std::vector<int>{0, 1}));
  EXPECT_TRUE(json["first"]["right"].is_null());
  EXPECT_NE(to_line(result).find("x  different  1x2"), std::string::npos);
  EXPECT_NE(to_line(result).find("first at [0,1]: 1 against inf"), std::string::npos);
}

// Three layers share one place in memory; the second goes wrong.
class FirstWrongLayer : public testing::Test {
 protected:
  FirstWrongLayer() {
    const auto step = [this](std::uint32_t id, const char* name, std::uint8_t value) {
      network.script.push_back({id, [=](ScriptedNetwork& n) {
                                  n.memory[name] = n.local[0] = {DType::i8, {1, 1, 1, 1}, {value}};
                                }});
      TensorInfo info;
      info.name = name;
      info.dtype = DType::i8;
      info.qscale = 0.5;
      info.byte_size = 1;
      info.memory = "shared";
      info.address = id == 2 ? 64 : 0;
      network.infos.push_back(info);
      LayerRow row;
      row.id = id;
      row.name = name;
      row.in_group = true;
      row.ignored = false;
      row.shape = {1, 1, 1, 1};
      row.n_count = row.h_count = 1;
      row.local_address = 0;
      row.dtype = DType::i8;
      row.scale = 0.5;
      table.push_back(row);
    };
    step(0, "a", 2);
    step(1, "b", 4);
    step(2, "c", 6);
  }

  ScriptedNetwork network;
  std::vector<LayerRow> table;
  NamedTensors reference{{"c", floats({1, 1, 1, 1}, {9})},
                         {"b", floats({1, 1, 1, 1}, {7})},
                         {"a", floats({1, 1, 1, 1}, {1})},
                         {"other", floats({1}, {0})}};
};

TEST_F(FirstWrongLayer, IsFoundInTheOrderOfExecution) {
  const auto result = compare_model(network, table, reference, {});
  ASSERT_EQ(result.layers.size(), 3U);
  EXPECT_TRUE(result.layers[0].tensor.ok());
  EXPECT_EQ(result.first_wrong, 1U);
  EXPECT_EQ(result.layers[1].tensor.name, "b");
  EXPECT_EQ(result.layers[1].tensor.left, 2);
  EXPECT_EQ(result.layers[1].tensor.right, 7);
  EXPECT_EQ(result.not_compared, (std::vector<std::string>{"other"}));
  EXPECT_FALSE(result.ok());
  EXPECT_EQ(to_json(result)["first_wrong"], "b");
  const auto cases = junit(result, "model");
  ASSERT_EQ(cases.size(), 4U);
  EXPECT_EQ(cases[1].state, JunitCase::State::failed);
  EXPECT_EQ(cases[3].state, JunitCase::State::skipped);
}

TEST_F(FirstWrongLayer, WithoutATableReusedMemoryIsLeftOut) {
  const auto result = compare_model(network, {}, reference, {});
  EXPECT_EQ(result.overwritten, (std::vector<std::string>{"a"}));
  ASSERT_EQ(result.layers.size(), 2U);
  EXPECT_EQ(result.layers[0].tensor.name, "b");
  EXPECT_EQ(result.first_wrong, 0U);
}

}  // namespace
}  // namespace vnpu
