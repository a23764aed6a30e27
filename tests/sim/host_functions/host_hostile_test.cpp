// Damaged calls of CPU functions: an error that names what is wrong, never a crash, a hang or a write outside.
#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <map>

#include "base/error.h"
#include "tests/sim/host_functions/call_builder.h"
#include "tests/sim/host_functions/recorded_calls.h"

namespace vnpu::cv18xx::test {
namespace {

std::string message_of(Call& call, ErrorKind kind) {
  try {
    call.run();
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), kind) << error.what();
    return error.what();
  }
  return "no error";
}

TEST(HostHostile, MissingAttributesAreNamed) {
  Call call("interp");
  call.in({1, 1, 1, 1}, {1}).out({1, 1, 1, 1});
  EXPECT_EQ(message_of(call, ErrorKind::damaged),
            "function interp: attribute 'coordinate_transformation_mode' is missing");
}

TEST(HostHostile, AttributesOfAnotherTypeAreNamed) {
  Call call("softmax");
  call.with("axis", 1.0f).in({1, 1, 1, 1}, {1}).out({1, 1, 1, 1});
  EXPECT_EQ(message_of(call, ErrorKind::damaged), "function softmax: attribute 'axis' is not an integer");
}

TEST(HostHostile, TensorsWithoutMemoryAreNamed) {
  Call call("softmax");
  call.with("axis", 1).in({1, 1, 1, 1}, {1}).out({1, 1, 1, 1});
  call.call().inputs[0].shape = {1, 1, 1, 9};
  EXPECT_EQ(message_of(call, ErrorKind::damaged),
            "function softmax: tensor 'x' (f32 1x1x1x9) has only 4 bytes of memory");
  call.call().inputs[0].shape = {1, -1, 1, 1};
  EXPECT_NE(message_of(call, ErrorKind::damaged).find("negative dimension"), std::string::npos);
  call.call().inputs[0].shape = {1 << 30, 1 << 30, 1 << 30, 1 << 30};
  EXPECT_NE(message_of(call, ErrorKind::damaged).find("too large"), std::string::npos);
}

TEST(HostHostile, IndicesOutsideAreFaults) {
  Call call("embedding");
  call.in<std::int32_t>(DType::i32, {1, 1, 1, 1}, {3}).in<std::int8_t>(DType::i8, {3, 1, 1, 1}, {1, 2, 3});
  call.out(DType::i8, {1, 1, 1, 1});
  EXPECT_EQ(message_of(call, ErrorKind::fault), "function embedding: index 3 is not in 0..2");
}

// Every recorded call with each attribute, input shape and input value made hostile in turn.
TEST(HostHostile, BentCallsEndInBytesOrErrors) {
  constexpr float nan = std::numeric_limits<float>::quiet_NaN();
  std::map<std::string, int> seen;
  int errors = 0, runs = 0;
  for (const RecordedCall& good : read_recorded_calls(VNPU_SOURCE_DIR "/tests/sim/host_functions/recorded_calls.gz")) {
    if (seen[good.function]++ >= 3) continue;
    std::vector<RecordedCall> bent;
    for (std::size_t a = 0; a < good.attributes.size(); ++a) {
      const auto bend = [&](auto value) {
        bent.push_back(good);
        bent.back().attributes[a].value = value;
      };
      auto& value = good.attributes[a].value;
      if (std::holds_alternative<std::int32_t>(value)) {
        for (const std::int32_t v : {-1, 0, 2, 17, 1 << 20, INT32_MAX, INT32_MIN}) bend(v);
      } else if (std::holds_alternative<float>(value)) {
        for (const float v : {nan, 0.0f, -1.0f, 3e38f, INFINITY}) bend(v);
      } else if (std::holds_alternative<std::string>(value)) {
        for (const char* v : {"", "x", "1,2,", ",,,,", "1e39,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1"}) bend(std::string(v));
      } else if (std::holds_alternative<std::vector<std::int32_t>>(value)) {
        for (const std::int32_t v : {-1, 4, INT32_MAX}) bend(std::vector<std::int32_t>{v});
        bend(std::vector<std::int32_t>{});
      }
      bent.push_back(good);
      bent.back().attributes.erase(bent.back().attributes.begin() + static_cast<std::ptrdiff_t>(a));
    }
    for (std::size_t i = 0; i < good.inputs.size(); ++i) {
      for (const std::uint8_t fill : {0x00, 0x7F, 0x80, 0xFF}) {  // 0, huge (f32 3.39e38), tiny, NaN
        bent.push_back(good);
        std::fill(bent.back().inputs[i].bytes.begin(), bent.back().inputs[i].bytes.end(), fill);
      }
      for (std::size_t d = 0; d < 4; ++d) {
        for (const std::int64_t size : {std::int64_t{0}, std::int64_t{1}, good.inputs[i].tensor.shape[d] - 1}) {
          bent.push_back(good);
          bent.back().inputs[i].tensor.shape[d] = size;
        }
      }
      bent.push_back(good);
      bent.back().inputs.erase(bent.back().inputs.begin() + static_cast<std::ptrdiff_t>(i));
    }
    for (std::size_t d = 0; d < 4; ++d) {
      bent.push_back(good);
      bent.back().outputs[0].tensor.shape[d] = 0;
    }
    bent.push_back(good);
    bent.back().outputs.clear();
    for (const RecordedCall& call : bent) {
      ++runs;
      try {
        replay(call);
      } catch (const Error& error) {
        EXPECT_NE(error.kind(), ErrorKind::internal);
        EXPECT_EQ(std::string(error.what()).find("function " + good.function), 0u) << error.what();
        ++errors;
      }
    }
  }
  EXPECT_GT(runs, 1000);
  EXPECT_GT(errors, 300);
}

}  // namespace
}  // namespace vnpu::cv18xx::test
