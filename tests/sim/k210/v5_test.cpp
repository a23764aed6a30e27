// The machine of version 5 models: what hostile byte code meets, and tensor functions on small numbers. That the
// arithmetic is the vendor's is shown by the golden cases.
#include <gtest/gtest.h>

#include <cmath>

#include "base/error.h"
#include "sim/k210/v5/machine.h"
#include "tests/sim/k210/v5_sample.h"

namespace vnpu::k210 {
namespace {

std::vector<float> floats(const Bytes& bytes) {
  std::vector<float> out(bytes.size() / 4);
  std::memcpy(out.data(), bytes.data(), bytes.size());
  return out;
}

std::vector<float> run(const V5Sample& sample, const std::vector<float>& input, std::uint64_t operations = 1 << 20) {
  const auto model = std::make_shared<const kmodel::Model>(kmodel::read(sample.file()));
  v5::Machine machine(model, {SimdLevel::scalar, operations});
  std::memcpy(machine.input(0).data(), input.data(), std::min(machine.input(0).size(), input.size() * 4));
  machine.restart();
  while (machine.next()) machine.step();
  return floats(machine.output(0));
}

Error error_of(const V5Sample& sample, std::uint64_t operations = 1 << 20) {
  try {
    run(sample, {1, 2, 3, 4}, operations);
  } catch (const Error& error) {
    return error;
  }
  ADD_FAILURE() << "ran";
  return {ErrorKind::internal, ""};
}

// Register 0: the shape of four floats, register 1: their strides.
V5Sample begin() {
  V5Sample sample;
  sample.code.shape(0, {4}).shape(1, {1});
  return sample;
}

// copy of four floats.
void copy(VmCode& code, std::uint8_t from, std::uint32_t from_at, std::uint8_t to, std::uint32_t to_at) {
  code.address(from, from_at).address(to, to_at).tensor(0x09).u8(9).u8(0).u8(1).u8(1);
}

TEST(V5Machine, CopiesThroughMemory) {
  auto sample = begin();
  copy(sample.code, 0, 0, 3, 16);
  copy(sample.code, 3, 16, 1, 0);
  EXPECT_EQ(run(sample, {1, 2, 3, 4}), (std::vector<float>{1, 2, 3, 4}));
}

TEST(V5Machine, StridesGoBackAndForth) {
  auto sample = begin();
  // A 2x2 transpose by strides: out[i][j] = in[j][i].
  sample.code.shape(2, {2, 2}).shape(3, {1, 2}).shape(4, {2, 1});
  sample.code.address(0, 0).address(1, 0).tensor(0x09).u8(9).u8(2).u8(3).u8(4);
  EXPECT_EQ(run(sample, {1, 2, 3, 4}), (std::vector<float>{1, 3, 2, 4}));
}

TEST(V5Machine, BinaryBroadcastsAndClamps) {
  auto sample = begin();
  sample.rdata.resize(64);
  const float two = 2;
  std::memcpy(sample.rdata.data(), &two, 4);
  sample.code.shape(2, {1}).shape(3, {0});
  sample.code.address(0, 0).address(2, 0).address(1, 0);
  sample.code.tensor(0x01).u8(9).u8(0).u8(1).u8(2).u8(3).u8(0).u8(1).u8(2).f32(-1).f32(5);
  EXPECT_EQ(run(sample, {1, 2, 3, -4}), (std::vector<float>{2, 4, 5, -1}));
}

TEST(V5Machine, ReflectAndEdgePaddings) {
  const auto padded = [](std::uint8_t mode, std::int32_t before, std::int32_t after) {
    auto sample = begin();
    sample.output_floats = static_cast<std::uint32_t>(4 + before + after);
    sample.code.shape(2, {1}).integer(before).integer(after).integer(0).op(0x32).u8(0).u8(1);
    sample.code.address(0, 0).address(1, 0).number(9).tensor(0x13).u8(9).u8(0).u8(1).u8(1).u8(0).u8(mode);
    return run(sample, {1, 2, 3, 4});
  };
  EXPECT_EQ(padded(0, 1, 2), (std::vector<float>{9, 1, 2, 3, 4, 9, 9}));
  EXPECT_EQ(padded(0, -1, 1), (std::vector<float>{2, 3, 4, 9}));
  EXPECT_EQ(padded(1, 2, 1), (std::vector<float>{3, 2, 1, 2, 3, 4, 3}));
  EXPECT_EQ(padded(2, 2, 1), (std::vector<float>{2, 1, 1, 2, 3, 4, 4}));
  EXPECT_EQ(padded(3, 1, 1), (std::vector<float>{1, 1, 2, 3, 4, 4}));
}

TEST(V5Machine, QuantizeRoundsHalvesToEvenAndSaturates) {
  auto sample = begin();
  // f32 -> u8 into data, then back with scale 1, bias 0.
  sample.code.address(0, 0).address(3, 0).number(1).number(0);
  sample.code.tensor(0x14).u8(9).u8(4).u8(0).u8(1).u8(1);
  sample.code.address(3, 0).address(1, 0).number(1).number(0);
  sample.code.tensor(0x0B).u8(4).u8(9).u8(0).u8(1).u8(1);
  EXPECT_EQ(run(sample, {0.5f, 1.5f, 300, -7}), (std::vector<float>{0, 2, 255, 0}));
  EXPECT_EQ(run(sample, {2.5f, 3.5f, 1e20f, NAN}), (std::vector<float>{2, 4, 0, 0}));
}

TEST(V5Machine, SumsOverAxes) {
  auto sample = begin();
  sample.output_floats = 2;
  sample.code.shape(2, {2, 2}).shape(3, {2, 1}).shape(4, {0}).shape(5, {1});
  sample.code.address(0, 0).address(1, 0).number(0);
  sample.code.tensor(0x17).u8(9).u8(2).u8(3).u8(5).u8(0).u8(4).u8(0);
  EXPECT_EQ(run(sample, {1, 2, 3, 5}), (std::vector<float>{2, 3.5f}));
}

TEST(V5Machine, MemoryIsGuarded) {
  auto sample = begin();
  copy(sample.code, 0, 4, 1, 0);  // four floats from the second on
  auto error = error_of(sample);
  EXPECT_EQ(error.kind(), ErrorKind::fault);
  EXPECT_EQ(error.field(), "tensor.copy");
  EXPECT_TRUE(error.offset().has_value());

  sample = begin();
  copy(sample.code, 0, 0, 2, 0);
  EXPECT_NE(std::string(error_of(sample).what()).find("read-only"), std::string::npos);

  sample = begin();
  copy(sample.code, 0, 0, 0, 0);  // inputs are no place for results
  EXPECT_NE(std::string(error_of(sample).what()).find("read-only"), std::string::npos);

  sample = begin();
  copy(sample.code, 0, 0, 3, 0xfffffff0);
  EXPECT_EQ(error_of(sample).kind(), ErrorKind::fault);

  sample = begin();
  sample.code.shape(1, {-1});
  copy(sample.code, 0, 0, 1, 0);
  EXPECT_NE(std::string(error_of(sample).what()).find("stride"), std::string::npos);

  sample = begin();
  sample.code.shape(0, {0x7fffffff}).shape(1, {0});
  copy(sample.code, 0, 0, 1, 0);
  EXPECT_NE(std::string(error_of(sample).what()).find("elements"), std::string::npos);
}

TEST(V5Machine, TheStackIsGuarded) {
  auto sample = begin();
  sample.code.tensor(0x09).u8(9).u8(0).u8(1).u8(1);
  EXPECT_NE(std::string(error_of(sample).what()).find("stack is empty"), std::string::npos);

  sample = begin();
  sample.code.number(1).number(1).tensor(0x09).u8(9).u8(0).u8(1).u8(1);
  EXPECT_NE(std::string(error_of(sample).what()).find("no address"), std::string::npos);

  sample = begin();
  for (int i = 0; i < 5000; ++i) sample.code.integer(1);
  EXPECT_NE(std::string(error_of(sample).what()).find("deeper"), std::string::npos);
}

TEST(V5Machine, WhatIsNotKnownIsRefusedByName) {
  auto sample = begin();
  sample.code.op(0x56).u32(0);
  auto error = error_of(sample);
  EXPECT_EQ(error.kind(), ErrorKind::unsupported);
  EXPECT_NE(std::string(error.what()).find("(br)"), std::string::npos) << error.what();

  sample = begin();
  sample.code.tensor(0x27);
  error = error_of(sample);
  EXPECT_EQ(error.kind(), ErrorKind::unsupported);
  EXPECT_NE(std::string(error.what()).find("(gru)"), std::string::npos) << error.what();

  sample = begin();
  sample.code.op(0x5E).u8(1);
  EXPECT_EQ(error_of(sample).kind(), ErrorKind::damaged);
}

TEST(V5Machine, AnInferenceHasABudget) {
  auto sample = begin();
  for (int i = 0; i < 100; ++i) copy(sample.code, 0, 0, 1, 0);
  EXPECT_NO_THROW(run(sample, {1}, 2000));
  EXPECT_NE(std::string(error_of(sample, 500).what()).find("limit"), std::string::npos);
}

TEST(V5Machine, CallsDoNotNestForEver) {
  auto sample = begin();
  // The function calls itself: one input, one output, both of four floats.
  sample.code.address(0, 0).integer(9).integer(0).integer(1);
  sample.code.address(1, 0).integer(9).integer(0).integer(1);
  sample.code.tensor(0x03).u32(0).u16(0).u8(1).u8(1);
  EXPECT_NE(std::string(error_of(sample).what()).find("nested"), std::string::npos);
}

TEST(V5Machine, StartsAgainAfterAnError) {
  auto sample = begin();
  copy(sample.code, 0, 0, 1, 0);
  copy(sample.code, 0, 4, 1, 0);
  const auto model = std::make_shared<const kmodel::Model>(kmodel::read(sample.file()));
  v5::Machine machine(model, {SimdLevel::scalar, 1 << 20});
  for (int i = 0; i < 3; ++i) {
    machine.restart();
    machine.step();
    EXPECT_EQ(machine.next()->text, "tensor.copy");
    EXPECT_THROW(machine.step(), Error);
  }
}

}  // namespace
}  // namespace vnpu::k210
